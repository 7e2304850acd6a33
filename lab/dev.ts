// `npm run dev`: a gateway with the tree as it is, which is built, installed and started again whenever src/ changes, and
// a router that registers every 5 s. Ends with Ctrl-C. Must be run by bin/lab, which makes the machine for it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { exchange, makeKey } from './client.ts';
import { attempt, pause, sh } from './commands.ts';
import { AS_WGKEX, Gateway } from './gateway.ts';

const DOMAIN = 'ffww01';
const REGISTER_SECONDS = 5;
const KEY = makeKey();

/** With its log on this terminal. */
function start({ namespace }: Gateway): ChildProcess {
  const words = ['netns', 'exec', namespace, ...AS_WGKEX, '/usr/lib/wgkex/wgkex-listen'];
  return spawn('ip', words, { stdio: ['ignore', 'inherit', 'inherit'] });
}

async function findLastChange(): Promise<number> {
  const files = await readdir('src', { recursive: true });
  const times = await Promise.all(files.map(async (file) => (await stat(`src/${file}`)).mtimeMs));
  return Math.max(...times);
}

/** False, and why on the terminal, where it does not build: what runs goes on. */
async function install(): Promise<boolean> {
  const { exitCode, stderr } = await attempt(gateway.namespace, process.execPath, ['build.mjs']);
  if (exitCode === 0) await sh('bin/install');
  else console.error(stderr);
  return exitCode === 0;
}

async function restart(listener: ChildProcess): Promise<ChildProcess> {
  const ended = once(listener, 'exit');
  listener.kill();
  if (listener.exitCode === null && listener.signalCode === null) await ended;
  return start(gateway);
}

async function register(): Promise<void> {
  for (;;) {
    await pause(REGISTER_SECONDS * 1000);
    const reply = await exchange(gateway.address, DOMAIN, KEY).catch((error: Error) => error.message);
    console.log(`router: ${reply.trim()}`);
  }
}

const gateway = await Gateway.create(1, [{ name: DOMAIN }]);
console.log(`${DOMAIN} at ${gateway.address}, in the namespace ${gateway.namespace}; change something in src/`);
let listener = start(gateway);
let last = await findLastChange();
void register();
for (;;) {
  await pause(500);
  const change = await findLastChange();
  if (change === last) continue;
  last = change;
  console.log('src/ has changed');
  if (await install()) listener = await restart(listener);
}
