import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { formatMessage, type Request } from '../../src/core/messages.ts';
import { exchange, makeKey, open, readAll } from '../lab/client.ts';
import { attempt, Background, eventually, pause, sh } from '../lab/commands.ts';
import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../lab/gateway.ts';

const LISTEN = '/usr/lib/wgkex/wgkex-listen';
const HANDLER_COMMAND = `${IS_ROOT_ALONE ? '' : 'sudo -n '}/usr/lib/wgkex/wgkex-handler`;

let gateway: Gateway;

beforeEach(async () => {
  gateway = await Gateway.create(9, [{ name: 'ffww01' }, { name: 'ffww02' }]);
});
afterEach(() => gateway.close());

test('nobody but root can read a key in the files that a gateway writes, a captured listener neither', {
  skip: IS_ROOT_ALONE,
}, async () => {
  const keys = Array.from({ length: 3 }, makeKey);
  await gateway.start();
  for (const key of keys) assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
  assert.equal((await gateway.cleanUp()).exitCode, 0);
  await gateway.listener?.stop();
  await eventually('the activity is saved', async () => (await findKeys([], keys)).files.length > 3);
  const asRoot = await findKeys([], keys);
  assert.ok(asRoot.withKeys.includes(gateway.stateFile()), 'there are keys to be found');
  assert.deepEqual((await findKeys(AS_WGKEX, keys)).withKeys, []);
  await sh('sh', '-c', `chmod a+r ${dirname(gateway.stateFile())}/* ${gateway.recordFile()}`);
  assert.notDeepEqual((await findKeys(AS_WGKEX, keys)).withKeys, [], 'as version 0.1 left them');
  const handler = await gateway.handle('');
  assert.equal(handler.exitCode, 0);
  assert.equal((await gateway.cleanUp()).exitCode, 0);
  assert.deepEqual((await findKeys(AS_WGKEX, keys)).withKeys, []);
});

/** The files below the directories of state and runs, and those of them in which somebody finds one of the keys. */
async function findKeys(user: readonly string[], keys: readonly string[]) {
  const directories = [dirname(gateway.stateFile()), dirname(gateway.lockFile())];
  const files = (await sh('find', ...directories, '-type', 'f')).split('\n');
  const patterns = keys.flatMap((key) => ['-e', key]);
  const [program = '', ...words] = [...user, 'grep', '-rlsF', ...patterns, ...directories];
  const { stdout } = await attempt(gateway.namespace, program, words);
  return { files, withKeys: stdout.split('\n').filter((file) => file !== '') };
}

describe('the listener', () => {
  test('told to end, finishes what is under way, takes nothing new, and ends with status 0', async () => {
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

  test('told to end, does not wait longer than 5 s for who says nothing', async () => {
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

  test('told to end, has the handler write down who is alive, though somebody who says nothing took most of the time', async () => {
    await gateway.configure({ limits: { line_seconds: 60 } });
    const listener = await gateway.start();
    const silent = await open(gateway.address);
    await gateway.unlocked();
    // What it writes it writes under the lock.
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

  test('keeps the old configuration where the new one is bad, and says why in one line', async () => {
    const listener = await gateway.start();
    await writeFile(gateway.configFile, 'listen = 1\n');
    listener.child.kill('SIGHUP');
    await eventually('it says why', () => /kept the old configuration/.test(listener.stderr));
    assert.match(listener.stderr, /\/etc\/wgkex\/wgkex\.toml: listen: expected a list, found 1/);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  });

  test('goes on with the old handler where a new one refuses the configuration', async () => {
    const listener = await gateway.start();
    await sh('chmod', 'o+w', gateway.configFile);
    listener.child.kill('SIGHUP');
    await eventually('it says so', () => /kept the old handler/.test(listener.stderr));
    assert.match(listener.stderr, /Cannot trust \/etc\/wgkex\/wgkex\.toml: others than root may write to it/);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  });

  test('takes the sockets that systemd passes', async () => {
    await gateway.configure({ listen: ['127.0.0.1:1'] });
    const activate = ['systemd-socket-activate', `--listen=${gateway.address}:10012`, LISTEN];
    const activated = new Background('ip', ['netns', 'exec', gateway.namespace, ...activate]);
    await eventually('systemd listens', () => /Listening on/.test(activated.stderr));
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    await activated.stop();
  });

  test('leaves routers in the sockets that systemd passes until a handler is there: a slow one fails nobody', async () => {
    // A request waits 10 s for a handler.
    await startActivated(['sh', '-c', `sleep 12; exec ${HANDLER_COMMAND}`]);
    const replies = [1, 2, 3].map(() => exchange(gateway.address, 'ffww01', makeKey()));
    assert.deepEqual(await Promise.all(replies), ['OK\n', 'OK\n', 'OK\n']);
  });

  test('answers routers in the sockets that systemd passes where no handler comes', async () => {
    await startActivated(['false']);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'ERR: FAILED\n');
  });

  test('reloaded as systemd does it at any moment after its start, is neither ended nor misses it', async () => {
    const unit = await readFile('systemd/wgkex.service', 'utf8');
    const [, reload = ''] = unit.match(/^ExecReload=\/bin\/sh -c '(.*)'$/m) ?? [];
    for (const delay of [0, 20, 100]) {
      const words = [...AS_WGKEX, 'sh', '-c', 'echo started; exec "$0"', LISTEN];
      const listener = new Background('ip', ['netns', 'exec', gateway.namespace, ...words]);
      await eventually('it is started', () => listener.stdout !== '');
      await pause(delay);
      await sh('sh', '-c', reload.replaceAll('$$', '$').replaceAll(/\$\{MAINPID\}/g, String(listener.pid)));
      await eventually('it was reloaded', () => /"msg":"reloaded"/.test(listener.stderr) || listener.hasEnded);
      assert.equal(await listener.stop(), 0, listener.stderr);
    }
  });

  test('run as root warns, and works', async () => {
    await gateway.configure({ handler: ['/usr/lib/wgkex/wgkex-handler'] });
    const listener = new Background('ip', ['netns', 'exec', gateway.namespace, LISTEN]);
    await eventually('it is ready', () => /handler is ready/.test(listener.stderr));
    assert.match(listener.stderr, /"level":40.*running as root/);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    assert.equal(await listener.stop(), 0);
  });

  test('with a port that is taken says so in one line', async () => {
    await gateway.start();
    const { exitCode, stderr } = await attempt(gateway.namespace, LISTEN, []);
    assert.equal(exitCode, 1);
    assert.match(stderr, /Cannot listen on \[::\]:10012: EADDRINUSE/);
  });
});

describe('the handler', () => {
  test('answers each request', async () => {
    const { exitCode, stdout } = await gateway.handle(request() + request({ id: 2, domain: 'ffww09' }));
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.split('\n').sort(), [
      '{"id":1,"reply":"OK"}',
      '{"id":2,"reply":"INVALID_DOMAIN"}',
      '{"ready":true}',
    ]);
  });

  const strange: { name: string; input: () => string }[] = [
    { name: 'no JSON', input: () => 'ffww01\n' },
    { name: 'an empty line', input: () => '\n' },
    { name: 'a field too many', input: () => request().replace('}', ',"route":true}') },
    { name: 'a field too few', input: () => request().replace('"id":1,', '') },
    { name: 'a key that is none', input: () => request({ key: 'x' }) },
    { name: 'words instead of a key', input: () => request({ key: `${makeKey()} remove` }) },
    { name: 'a domain with a slash', input: () => request({ domain: '../ffww01' }) },
    { name: 'a source that is no address', input: () => request({ from: '$(reboot)' }) },
    { name: 'a list', input: () => `[${request().trim()}]\n` },
    { name: 'more than 512 bytes', input: () => `${request().trim()}${' '.repeat(512)}\n` },
    { name: 'half a request', input: () => request().slice(0, -5) },
  ];
  for (const { name, input } of strange) {
    test(`given ${name}, ends before any effect`, async () => {
      const before = await gateway.snapshot();
      const { exitCode, stdout, stderr } = await gateway.handle(request() + input());
      assert.equal(exitCode, 1);
      assert.equal(stdout, '{"ready":true}');
      assert.match(stderr, /"level":50.*handler ends/);
      assert.equal(await gateway.snapshot(), before);
    });
  }

  test('inherits nothing that could change what it does', async () => {
    await writeFile('/tmp/evil.sh', '#!/bin/sh\ntouch /tmp/evil-was-here\n', { mode: 0o755 });
    await writeFile('/tmp/evil.cjs', 'require("fs").writeFileSync("/tmp/evil-was-here", "")\n');
    await sh(
      'sh',
      '-c',
      'mkdir -p /tmp/evil && for program in wg bridge ip flock node; do cp /tmp/evil.sh /tmp/evil/$program; done',
    );
    const forged = [
      'NODE_OPTIONS=--require=/tmp/evil.cjs',
      'PATH=/tmp/evil',
      'WGKEX_CONFIG=/tmp/evil',
      'BASH_ENV=/tmp/evil.sh',
      'WG_HIDE_KEYS=always',
      'JOURNAL_STREAM=1:1 --require=/tmp/evil.cjs',
    ];
    const key = makeKey();
    const { exitCode, stdout } = await gateway.handle(request({ key }), forged);
    assert.equal(exitCode, 0);
    assert.match(stdout, /"reply":"OK"/);
    assert.notEqual(await gateway.findPeer(key), undefined);
    assert.equal(await sh('sh', '-c', 'ls /tmp/evil-was-here 2>/dev/null || true'), '');
  });
});

describe('sudo', { skip: IS_ROOT_ALONE && 'a user namespace has no other user that could need it' }, () => {
  const asWgkex = (...words: string[]) =>
    attempt(gateway.namespace, 'setpriv', ['--reuid=wgkex', '--regid=wgkex', '--init-groups', ...words]);
  const handler = '/usr/lib/wgkex/wgkex-handler';

  test('lets wgkex start the handler', async () => {
    assert.deepEqual(await asWgkex('sudo', '-n', handler), {
      exitCode: 0,
      signal: undefined,
      stdout: '{"ready":true}',
      stderr: '',
    });
  });

  const forbidden = [
    [handler, '--version'],
    [handler, '--config', '/tmp/evil.toml'],
    ['/usr/lib/wgkex/wgkex-cleanup', 'ffww01'],
    ['/usr/bin/id'],
    ['-s'],
    ['-u', 'daemon', handler],
    ['--preserve-env', handler],
    ['NODE_OPTIONS=--require=/tmp/evil.cjs', handler],
  ];
  for (const words of forbidden) {
    test(`lets wgkex not run: sudo ${words.join(' ')}`, async () => {
      const { exitCode, stdout } = await asWgkex('sudo', '-n', ...words);
      assert.equal(exitCode, 1);
      assert.equal(stdout, '');
    });
  }

  test('needs no more than the capabilities that the service has', async () => {
    const unit = await sh('grep', '^CapabilityBoundingSet=', 'systemd/wgkex.service');
    const set = unit.replace('CapabilityBoundingSet=', '').toLowerCase().replaceAll('cap_', '+').replaceAll(' ', ',');
    const key = makeKey();
    const bounded = ['setpriv', '--reuid=wgkex', '--regid=wgkex', '--init-groups', `--bounding-set=-all,${set}`];
    const { stdout } = await attempt(
      gateway.namespace,
      bounded[0] ?? '',
      [...bounded.slice(1), 'sudo', '-n', handler],
      formatMessage({ id: 1, domain: 'ffww01', key, from: '::1' } as Request),
    );
    assert.match(stdout, /"reply":"OK"/);
    assert.notEqual(await gateway.findPeer(key), undefined);
  });
});

describe('what runs as root', () => {
  test('has no sudo in front of it that wgkex could send signals to', { skip: IS_ROOT_ALONE }, async () => {
    await gateway.start();
    let handlers: string[] = [];
    // What the handler has just forked looks like it for a moment.
    await eventually('one process has its name', async () => {
      const pids = (await sh('ip', 'netns', 'pids', gateway.namespace)).split('\n').map(Number);
      const lines = await Promise.all(
        pids.map((pid) => sh('ps', '-o', 'ruid=,euid=,args=', '-p', String(pid)).catch(() => '')),
      );
      handlers = lines.filter((line) => line.includes('wgkex-handler'));
      return handlers.length === 1;
    });
    assert.match(handlers[0] ?? '', /^ *0 +0 \/usr\/bin\/node /);
  });

  test('opens no debugger, and stops for no signal but its end', async () => {
    const handler = new Background('ip', ['netns', 'exec', gateway.namespace, '/usr/lib/wgkex/wgkex-handler']);
    await eventually('it greets', () => handler.stdout.includes('ready'));
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGTSTP'] as const)
      handler.child.kill(signal);
    handler.child.stdin?.write(request());
    await eventually('it answers', () => handler.stdout.includes('"reply":"OK"'));
    assert.equal(await gateway.run('ss', '--listening', '--tcp', '--no-header'), '');
    handler.child.stdin?.end();
    await eventually('it ends with its input', () => handler.hasEnded);
    assert.equal(handler.child.exitCode, 0);
  });

  test("keeps its own umask: a caller's would make marks and locks unreadable for good", async () => {
    await attempt(gateway.namespace, 'sh', ['-c', 'umask 0777; exec /usr/lib/wgkex/wgkex-handler'], request());
    await attempt(gateway.namespace, 'sh', ['-c', 'umask 0777; exec /usr/lib/wgkex/wgkex-cleanup ffww01']);
    assert.equal(await sh('stat', '--format=%a', gateway.stateFile()), '600');
    assert.equal(await sh('stat', '--format=%a', `/run/wgkex/${gateway.namespace}/ffww01.lock`), '600');
  });

  test('stops reading where nobody reads its replies', async () => {
    const handler = new Background('ip', ['netns', 'exec', gateway.namespace, '/usr/lib/wgkex/wgkex-handler']);
    await eventually('it greets', () => handler.stdout.includes('ready'));
    handler.child.stdout?.pause();
    const line = request({ domain: 'nowhere' });
    const isTaken = handler.child.stdin?.write(line.repeat(100_000));
    assert.equal(isTaken, false);
    await pause(2000);
    assert.ok((handler.child.stdin?.writableLength ?? 0) > 1_000_000, 'most of it waits');
    await handler.stop('SIGKILL');
  });
});

describe('the system files', () => {
  test('are what systemd expects', async () => {
    const units = ['wgkex.service', 'wgkex.socket', 'wgkex-cleanup@ffww01.service', 'wgkex-cleanup@ffww01.timer'];
    const { exitCode, stderr } = await attempt(gateway.namespace, 'systemd-analyze', ['verify', '--man=no', ...units]);
    assert.equal(stderr, '');
    assert.equal(exitCode, 0);
  });

  test('are what sudo expects', async () => {
    const { exitCode, stderr } = await attempt(gateway.namespace, 'visudo', [
      '--check',
      '--strict',
      '--file=/etc/sudoers.d/wgkex',
    ]);
    assert.equal(exitCode, 0, stderr);
  });
});

/** The listener as systemd starts it at the first connection, with this handler. */
async function startActivated(handler: readonly string[]): Promise<void> {
  await gateway.configure({ handler });
  const activate = ['systemd-socket-activate', `--listen=${gateway.address}:10012`, LISTEN];
  const activated = new Background('ip', ['netns', 'exec', gateway.namespace, ...activate]);
  gateway.onClose(async () => void (await activated.stop()));
  await eventually('systemd listens', () => /Listening on/.test(activated.stderr));
}

/** A line for the handler, good but for the changes. */
function request(changes: Partial<Record<keyof Request, unknown>> = {}): string {
  return formatMessage({ id: 1, domain: 'ffww01', key: makeKey(), from: '192.0.2.1', ...changes } as Request);
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
