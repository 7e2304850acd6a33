import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { makeKey } from '../../lab/client.ts';
import { attempt, type Background, eventually, startIn } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { look, lookUp } from '../../lab/operator.ts';
import { recordKeys } from '../../lab/record.ts';
import { buildEntries } from '../../src/core/kernel/fdb.ts';
import { buildEnsureEntry } from '../../src/core/kernel/words.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import type { InterfaceName } from '../../src/core/values/names.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const PEERS = 2000;

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(34, [{ name: 'ffww01', settings: { max_peers: 4000, max_pending: 4000 } }]);
  const keys = Array.from({ length: PEERS }, () => parsePublicKey(makeKey()));
  const routers = keys.map((key) => ({ key, ...deriveLinkAddress(key, 'eui64') }));
  const peers = routers.map(({ key, address }) => `[Peer]\nPublicKey = ${key}\nAllowedIPs = ${address}/128\n`);
  await writeFile('/run/many-peers.conf', peers.join('\n'));
  await recordKeys(gateway, keys);
  await gateway.run('wg', 'addconf', gateway.wireguard(), '/run/many-peers.conf');
  const [wireguard, vxlan] = [gateway.wireguard() as InterfaceName, gateway.vxlan() as InterfaceName];
  const entries = routers.flatMap((router) => buildEntries(router, ['flood', 'unicast'], wireguard));
  const input = entries
    .flatMap((entry) => buildEnsureEntry(entry, vxlan))
    .map((line) => `${line}\n`)
    .join('');
  await execa('ip', ['netns', 'exec', gateway.namespace, 'bridge', '-batch', '-'], { input });
});
after(() => gateway.close());

test(`a gateway with ${PEERS} routers is sound, and its status takes little time`, async (t) => {
  for (let time = 0; time < 5; time++) {
    const start = performance.now();
    const { exitCode, document } = await lookUp(gateway, ['status']);
    t.diagnostic(`status took ${Math.round(performance.now() - start)} ms`);
    assert.equal(exitCode, 0);
    assert.deepEqual(document.domains[0].peers, { alive: 0, idle: 0, stale: 0, pending: PEERS, static: 0 });
  }
});

test('wgkex peers lists all of them', async () => {
  const { stdout } = await look(gateway, ['peers']);
  assert.equal(stdout.split('\n').length, PEERS + 1);
});

test('wgkex peers ends quietly if only the first lines of a long list are read', async () => {
  const script = 'set -o pipefail; wgkex peers | head -1';
  const { exitCode, stdout, stderr } = await attempt(gateway.namespace, 'bash', ['-c', script]);
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.match(stdout, /^KEY .* HANDSHAKE +RX +TX +FDB$/);
});

/** On an idle machine it takes a tenth of that. */
const MOST_REDRAW_MILLISECONDS = 1000;
const REDRAWS = 10;
/** One second, in the unit of proc_pid_stat(5). */
const TICKS = 100;

for (const order of ['traffic', 'address']) {
  test(`wgkex watch sorts them by ${order} at each redraw, and takes little time`, async (t) => {
    const terminal = openWatch(`--interval 0.2 --sort ${order}`);
    const countFrames = () => terminal.stdout.split('\x1b[J').length;
    await eventually('it shows the peers', () => terminal.stdout.includes(` of ${PEERS}`));
    const [frames, ticks] = [countFrames(), await readTicks()];
    await eventually('it has looked again', () => countFrames() >= frames + REDRAWS);
    const milliseconds = (((await readTicks()) - ticks) / TICKS / (countFrames() - frames)) * 1000;
    t.diagnostic(`${Math.round(milliseconds)} ms of processor time for each redraw, with those of wg and bridge`);
    assert.ok(milliseconds < MOST_REDRAW_MILLISECONDS, `${milliseconds}`);
    await terminal.stop();
  });
}

test('wgkex watch scrolls to the last of them, filters and sorts them between two looks', async (t) => {
  const terminal = openWatch('--interval 3600');
  await eventually('it shows the peers', () => terminal.stdout.includes(` of ${PEERS}`));
  const first = '\x1b[H';
  for (const [keys, expected] of [
    ['\x1b[F', ` to ${PEERS} of ${PEERS}`],
    ['/pending', ` of ${PEERS} that match`],
    ['\r<<<', 'by handshake'],
    ['<<', 'by address'],
  ] as const) {
    const start = performance.now();
    terminal.child.stdin?.write(keys);
    await eventually(expected, () =>
      stripVTControlCharacters(terminal.stdout.slice(terminal.stdout.lastIndexOf(first))).includes(expected),
    );
    t.diagnostic(`${JSON.stringify(keys)} took ${Math.round(performance.now() - start)} ms`);
  }
  await terminal.stop();
});

/** Starts the watch on a terminal of its own. */
function openWatch(options: string): Background {
  const script = `stty rows 24 cols 80; echo $$ >/run/many-peers.pid; exec wgkex watch ${options}`;
  const words = ['script', '--quiet', '--return', '--command', script, '/dev/null'];
  return startIn(gateway.namespace, ...words);
}

/** The processor time of the watch and of the programs that it has run. */
async function readTicks(): Promise<number> {
  const stat = await readFile(`/proc/${(await readFile('/run/many-peers.pid', 'utf8')).trim()}/stat`, 'utf8');
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = stat
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return user + system + childUser + childSystem;
}
