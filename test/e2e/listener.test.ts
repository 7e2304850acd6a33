import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { exchange, makeKey, open, readAll } from '../../lab/client.ts';
import { attempt, Background, eventually, pause, sh, startIn } from '../../lab/commands.ts';
import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';

const LISTEN = '/usr/lib/wgkex/wgkex-listen';
const HANDLER_COMMAND = `${IS_ROOT_ALONE ? '' : 'sudo -n '}/usr/lib/wgkex/wgkex-handler`;

let gateway: Gateway;

describe('the listener', () => {
  beforeEach(async () => {
    gateway = await Gateway.create(9);
  });
  afterEach(() => gateway.close());

  test('finishes open requests on SIGTERM, accepts nothing new, and exits with status 0', async () => {
    const listener = await gateway.start();
    const begun = await open(gateway.address);
    const reply = readAll(begun);
    begun.write('ffww01\n');
    await pause(100);
    listener.child.kill('SIGTERM');
    await eventually('the port is closed', isRefused);
    begun.write(`${makeKey()}\n`);
    assert.equal(await reply, 'OK\n');
    await eventually('the listener ended', () => listener.hasEnded, 6);
    assert.equal(listener.child.exitCode, 0);
  });

  test('waits no longer than 5 s on SIGTERM for a client that says nothing', async () => {
    await gateway.configure({ limits: { line_seconds: 60 } });
    const listener = await gateway.start();
    const reply = readAll(await open(gateway.address));
    const start = performance.now();
    const stopped = listener.stop();
    assert.equal(await reply, 'ERR: BUSY\n');
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds > 4.4 && seconds < 9, `${seconds} s`);
    assert.equal(await stopped, 0);
  });

  test('lets the handler write the live peers on SIGTERM, although a silent client took most of the time', async () => {
    await gateway.configure({ limits: { line_seconds: 60 } });
    const listener = await gateway.start();
    const silent = await open(gateway.address);
    await gateway.unlocked();
    // It writes under the lock.
    const holder = new Background('flock', ['--no-fork', gateway.lockFile(), 'sh', '-c', 'echo locked; exec sleep 60']);
    await eventually('it is locked', () => holder.stdout.includes('locked'));
    const released = pause(6500).then(() => holder.stop());
    assert.equal(await listener.stop(), 0);
    assert.deepEqual(await gateway.findHandlers(), [], 'systemd kills what is there now');
    await released;
    silent.destroy();
  });

  test('takes a new configuration without losing a connection', async () => {
    // For its second line the connection has until the new handler is there, however long that takes.
    await gateway.configure({ limits: { line_seconds: 60 } });
    const listener = await gateway.start();
    const begun = await open(gateway.address);
    const reply = readAll(begun);
    begun.write('ffww01\n');
    await gateway.reload({ limits: { line_bytes: 50 } });
    begun.write(`${makeKey()}\n`);
    assert.equal(await reply, 'OK\n');
    assert.equal(await readAll(await sendTo(`${'x'.repeat(51)}`)), 'ERR: LINE_TOO_LONG\n', 'the new limit counts');
    assert.equal(listener.hasEnded, false);
  });

  test('keeps the old configuration if the new one is bad, and logs the reason in one line', async () => {
    const listener = await gateway.start();
    await writeFile(gateway.configFile, 'listen = 1\n');
    listener.child.kill('SIGHUP');
    await eventually('it says why', () => /kept the old configuration/.test(listener.stderr));
    assert.match(listener.stderr, /\/etc\/wgkex\/wgkex\.toml: listen: expected a list, found 1/);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  });

  test('continues with the old handler if a new one refuses the configuration', async () => {
    const listener = await gateway.start();
    await sh('chmod', 'o+w', gateway.configFile);
    listener.child.kill('SIGHUP');
    await eventually('it says so', () => /kept the old handler/.test(listener.stderr));
    assert.match(listener.stderr, /Cannot trust \/etc\/wgkex\/wgkex\.toml: users other than root may write to it/);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  });

  test('takes the sockets that systemd passes', async () => {
    await gateway.configure({ listen: ['127.0.0.1:1'] });
    const activate = ['systemd-socket-activate', `--listen=${gateway.address}:10012`, LISTEN];
    const activated = startIn(gateway.namespace, ...activate);
    await eventually('systemd listens', () => /Listening on/.test(activated.stderr));
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    await activated.stop();
  });

  test('leaves routers in the sockets that systemd passes until a handler is there, so a slow one fails nobody', async () => {
    // A request waits 10 s for a handler.
    await startActivated(['sh', '-c', `sleep 12; exec ${HANDLER_COMMAND}`]);
    const replies = [1, 2, 3].map(() => exchange(gateway.address, 'ffww01', makeKey()));
    assert.deepEqual(await Promise.all(replies), ['OK\n', 'OK\n', 'OK\n']);
  });

  test('answers routers in the sockets that systemd passes if no handler starts', async () => {
    await startActivated(['false']);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'ERR: FAILED\n');
  });

  test('survives a reload by systemd at any moment after its start, and does not miss it', async () => {
    const unit = await readFile('systemd/wgkex.service', 'utf8');
    const [, reload = ''] = unit.match(/^ExecReload=\/bin\/sh -c '(.*)'$/m) ?? [];
    for (const delay of [0, 20, 100]) {
      const words = [...AS_WGKEX, 'sh', '-c', 'echo started; exec "$0"', LISTEN];
      const listener = startIn(gateway.namespace, ...words);
      await eventually('it is started', () => listener.stdout !== '');
      await pause(delay);
      await sh('sh', '-c', reload.replaceAll('$$', '$').replaceAll(/\$\{MAINPID\}/g, String(listener.pid)));
      await eventually('it was reloaded', () => /"msg":"reloaded"/.test(listener.stderr) || listener.hasEnded);
      assert.equal(await listener.stop(), 0, listener.stderr);
    }
  });

  test('warns when run as root, and works', async () => {
    await gateway.configure({ handler: ['/usr/lib/wgkex/wgkex-handler'] });
    const listener = startIn(gateway.namespace, LISTEN);
    await eventually('it is ready', () => /handler is ready/.test(listener.stderr));
    assert.match(listener.stderr, /"level":40.*running as root/);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    assert.equal(await listener.stop(), 0);
  });

  test('reports a port that is taken in one line', async () => {
    await gateway.start();
    const { exitCode, stderr } = await attempt(gateway.namespace, LISTEN, []);
    assert.equal(exitCode, 1);
    assert.match(stderr, /Cannot listen on \[::\]:10012: EADDRINUSE/);
  });
});

/** The listener as systemd starts it at the first connection, with this handler. */
async function startActivated(handler: readonly string[]): Promise<void> {
  await gateway.configure({ handler });
  const activate = ['systemd-socket-activate', `--listen=${gateway.address}:10012`, LISTEN];
  const activated = startIn(gateway.namespace, ...activate);
  gateway.onClose(async () => void (await activated.stop()));
  await eventually('systemd listens', () => /Listening on/.test(activated.stderr));
}

async function isRefused(): Promise<boolean> {
  try {
    (await open(gateway.address)).destroy();
    return false;
  } catch {
    return true;
  }
}

async function sendTo(text: string) {
  const socket = await open(gateway.address);
  socket.write(text);
  return socket;
}
