import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { attempt, eventually, pause, sh, startIn } from '../../lab/commands.ts';
import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { formatMessage, type Request, type RequestOf } from '../../src/core/privsep/requests.ts';

let gateway: Gateway;

async function makeGateway(): Promise<void> {
  gateway = await Gateway.create(12, [{ name: 'ffww01' }, { name: 'ffww02' }]);
}

function closeGateway(): Promise<void> {
  return gateway.close();
}

describe('the handler', () => {
  before(makeGateway);
  after(closeGateway);

  test('answers each request', async () => {
    const { exitCode, stdout } = await gateway.handle(request() + request({ id: 2, domain: 'ffww09' }));
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.split('\n').sort(), [
      '{"type":"exchange","id":1,"code":"OK"}',
      '{"type":"exchange","id":2,"code":"INVALID_DOMAIN"}',
      '{"type":"ready","answers":["exchange"]}',
    ]);
  });

  const strange: { name: string; input: () => string }[] = [
    { name: 'a line that is not JSON', input: () => 'ffww01\n' },
    { name: 'an empty line', input: () => '\n' },
    { name: 'a field too many', input: () => request().replace('}', ',"route":true}') },
    { name: 'a field too few', input: () => request().replace('"id":1,', '') },
    { name: 'an invalid key', input: () => request({ key: 'x' }) },
    { name: 'words instead of a key', input: () => request({ key: `${makeKey()} remove` }) },
    { name: 'a domain with a slash', input: () => request({ domain: '../ffww01' }) },
    { name: 'a source that is not an address', input: () => request({ from: '$(reboot)' }) },
    { name: 'a list', input: () => `[${request().trim()}]\n` },
    { name: 'more than 512 bytes', input: () => `${request().trim()}${' '.repeat(512)}\n` },
    { name: 'half a request', input: () => request().slice(0, -5) },
  ];
  for (const { name, input } of strange) {
    test(`given ${name}, ends before any effect`, async () => {
      const before = await gateway.snapshot();
      const { exitCode, stdout, stderr } = await gateway.handle(request() + input());
      assert.equal(exitCode, 1);
      assert.equal(stdout, '{"type":"ready","answers":["exchange"]}');
      assert.match(stderr, /"level":50.*handler failed/);
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
    assert.match(stdout, /"code":"OK"/);
    assert.notEqual(await gateway.findPeer(key), undefined);
    assert.equal(await sh('sh', '-c', 'ls /tmp/evil-was-here 2>/dev/null || true'), '');
  });
});

describe('sudo', { skip: IS_ROOT_ALONE && 'a user namespace has no other user that could need it' }, () => {
  before(makeGateway);
  after(closeGateway);

  const asWgkex = (...words: string[]) =>
    attempt(gateway.namespace, 'setpriv', ['--reuid=wgkex', '--regid=wgkex', '--init-groups', ...words]);
  const handler = '/usr/lib/wgkex/wgkex-handler';

  test('lets wgkex start the handler', async () => {
    assert.deepEqual(await asWgkex('sudo', '-n', handler), {
      exitCode: 0,
      signal: undefined,
      stdout: '{"type":"ready","answers":["exchange"]}',
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
    test(`forbids wgkex to run: sudo ${words.join(' ')}`, async () => {
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
      formatMessage({ type: 'exchange', id: 1, domain: 'ffww01', key, from: '::1' } as Request),
    );
    assert.match(stdout, /"code":"OK"/);
    assert.notEqual(await gateway.findPeer(key), undefined);
  });
});

describe('the root process', () => {
  beforeEach(makeGateway);
  afterEach(closeGateway);

  test('has no sudo in front of it that wgkex could send signals to', { skip: IS_ROOT_ALONE }, async () => {
    await gateway.start();
    let handlers: string[] = [];
    // A process that the handler has just forked looks like the handler for a moment.
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

  test('opens no debugger, ignores signals, and ends with its input', async () => {
    const handler = startIn(gateway.namespace, '/usr/lib/wgkex/wgkex-handler');
    await eventually('it greets', () => handler.stdout.includes('ready'));
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGTSTP'] as const)
      handler.child.kill(signal);
    handler.child.stdin?.write(request());
    await eventually('it answers', () => handler.stdout.includes('"code":"OK"'));
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

  test('stops reading if nobody reads its replies', async () => {
    const handler = startIn(gateway.namespace, '/usr/lib/wgkex/wgkex-handler');
    await eventually('it greets', () => handler.stdout.includes('ready'));
    handler.child.stdout?.pause();
    const line = request({ domain: 'nowhere' });
    const isTaken = handler.child.stdin?.write(line.repeat(100_000));
    assert.equal(isTaken, false);
    await pause(2000);
    assert.ok((handler.child.stdin?.writableLength ?? 0) > 1_000_000, 'most of it waits');
    await handler.stop('SIGKILL');
  });

  test('writes files in which only root can read a key, not even a captured listener', {
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
});

describe('the system files', () => {
  before(makeGateway);
  after(closeGateway);

  test('satisfy systemd', async () => {
    const units = ['wgkex.service', 'wgkex.socket', 'wgkex-cleanup@ffww01.service', 'wgkex-cleanup@ffww01.timer'];
    const { exitCode, stderr } = await attempt(gateway.namespace, 'systemd-analyze', ['verify', '--man=no', ...units]);
    assert.equal(stderr, '');
    assert.equal(exitCode, 0);
  });

  test('satisfy sudo', async () => {
    const { exitCode, stderr } = await attempt(gateway.namespace, 'visudo', [
      '--check',
      '--strict',
      '--file=/etc/sudoers.d/wgkex',
    ]);
    assert.equal(exitCode, 0, stderr);
  });
});

/** A line for the handler, valid except for the changes. */
function request(changes: Partial<Record<keyof RequestOf<'exchange'>, unknown>> = {}): string {
  return formatMessage({
    type: 'exchange',
    id: 1,
    domain: 'ffww01',
    key: makeKey(),
    from: '192.0.2.1',
    ...changes,
  } as Request);
}

/** The files below the state and runtime directories, and those of them that show somebody one of the keys. */
async function findKeys(user: readonly string[], keys: readonly string[]) {
  const directories = [dirname(gateway.stateFile()), dirname(gateway.lockFile())];
  const files = (await sh('find', ...directories, '-type', 'f')).split('\n');
  const patterns = keys.flatMap((key) => ['-e', key]);
  const [program = '', ...words] = [...user, 'grep', '-rlsF', ...patterns, ...directories];
  const { stdout } = await attempt(gateway.namespace, program, words);
  return { files, withKeys: stdout.split('\n').filter((file) => file !== '') };
}
