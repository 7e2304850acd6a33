import assert from 'node:assert/strict';
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { exchange } from '../../lab/client.ts';
import { attempt, Background, eventually, pause } from '../../lab/commands.ts';
import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { connect, look, lookUp, makeKeyPair } from '../../lab/operator.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';
import { assertSnapshot } from '../snapshot.ts';

/** A little more than the 180 s for which a router is alive, so that tests need not wait long for a stale one. */
const STALE_AFTER_SECONDS = 183;

const [ALIVE, IDLE, STALE, PENDING, STATIC] = ['alive', 'idle', 'stale', 'pending', 'static'].map(makeKeyPair) as [
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
];

let gateway: Gateway;
/** Before the first exchange, in seconds since 1970. */
let started: number;
/** A moment at which each router is in the state of its name. */
let now: number;

before(async () => {
  gateway = await Gateway.create(31, [
    { name: 'ffww01', settings: { route: true } },
    { name: 'ffmuc_welt', settings: { address: 'ffmuc' } },
  ]);
  await gateway.configure({ cleanup: { stale_after_seconds: STALE_AFTER_SECONDS } });
  await gateway.start();
  started = Math.floor(Date.now() / 1000);
  for (const { publicKey } of [STALE, IDLE, ALIVE, PENDING])
    assert.equal(await exchange(gateway.address, 'ffww01', publicKey), 'OK\n');
  assert.equal(await exchange(gateway.address, 'ffmuc_welt', ALIVE.publicKey), 'OK\n');
  const allowed = ['allowed-ips', 'fe80::42/128,192.0.2.0/24', 'endpoint', '192.0.2.7:4242'];
  await gateway.run('wg', 'set', gateway.wireguard(), 'peer', STATIC.publicKey, ...allowed);
  await connect(gateway, STALE);
  await pause(2000);
  now = (await connect(gateway, IDLE)) + 182;
  await pause(3000);
  await connect(gateway, ALIVE);
});
after(() => gateway.close());

describe('the state of a gateway', () => {
  test('counts the routers of each domain by their state', async () => {
    const { exitCode, stderr, document } = await lookUp(gateway, ['status'], { now });
    assert.deepEqual([exitCode, stderr], [0, '']);
    for (const { last_exchange } of document.domains) assert.ok(last_exchange >= started && last_exchange < now - 180);
    const limits = { max_peers: 2000, max_pending: 1000, next_cleanup: null, attention: [] };
    assert.deepEqual(document, {
      time: now,
      sound: true,
      attention: [],
      domains: [
        {
          domain: 'ffww01',
          wireguard: { name: gateway.wireguard(), state: 'ok', kind: document.domains[0].wireguard.kind },
          vxlan: { name: gateway.vxlan(), state: 'ok', kind: 'vxlan' },
          peers: { alive: 1, idle: 1, stale: 1, pending: 1, static: 1 },
          last_exchange: document.domains[0].last_exchange,
          ...limits,
        },
        {
          domain: 'ffmuc_welt',
          wireguard: { name: gateway.wireguard('ffmuc_welt'), state: 'ok', kind: document.domains[1].wireguard.kind },
          vxlan: { name: gateway.vxlan('ffmuc_welt'), state: 'ok', kind: 'vxlan' },
          peers: { alive: 0, idle: 0, stale: 0, pending: 1, static: 0 },
          last_exchange: document.domains[1].last_exchange,
          ...limits,
        },
      ],
    });
  });

  for (const columns of [80, 160]) {
    test(`matches its snapshot in ${columns} columns`, async () => {
      const { stdout } = await look(gateway, ['status'], { now, columns });
      assertSnapshot(new URL(`snapshots/status-${columns}.txt`, import.meta.url), stdout.split('\n'));
    });
  }
});

describe('the list of peers', () => {
  for (const columns of [80, 160]) {
    test(`matches its snapshot in ${columns} columns, except for the traffic`, async () => {
      const { exitCode, stdout } = await look(gateway, ['peers', '--sort', 'key'], { now, columns });
      assert.equal(exitCode, 0);
      const lines = stdout.split('\n').map((line) => line.replace(/(?<=(ago|never) {2}).*(?= {2}(ok|-)$)/, hide));
      assertSnapshot(new URL(`snapshots/peers-${columns}.txt`, import.meta.url), lines);
    });
  }

  test('has one line for each peer in a pipe, with the whole key and everything else', async () => {
    const { address } = deriveLinkAddress(parsePublicKey(IDLE.publicKey), 'eui64');
    const script = `unset COLUMNS; wgkex peers ffww01 | grep -F '${IDLE.publicKey}'`;
    const { stdout } = await attempt(gateway.namespace, 'sh', ['-c', script]);
    const words = stdout.split(/ {2,}/);
    assert.deepEqual([words[0], words[2], words[3]], [IDLE.publicKey, address, gateway.segment.ipv4('0.2')]);
    assert.match(stdout, / ok$/, 'the last column is there, too');
  });

  test('has everything known about a router as JSON', async () => {
    const { document } = await lookUp(gateway, ['peers', 'ffww01', '--idle'], { now });
    const [peer] = document.peers;
    assert.ok(peer.received_bytes >= 148 && peer.sent_bytes >= 92, 'enough for a handshake');
    const link = deriveLinkAddress(parsePublicKey(IDLE.publicKey), 'eui64');
    assert.deepEqual(document.peers, [
      {
        domain: 'ffww01',
        key: IDLE.publicKey,
        name: null,
        state: 'idle',
        ...{ address: link.address, mac: link.mac, allowed_ips: [`${link.address}/128`] },
        endpoint: gateway.segment.ipv4('0.2'),
        last_handshake: now - 182,
        received_bytes: peer.received_bytes,
        sent_bytes: peer.sent_bytes,
        missing_entries: [],
        route: true,
      },
    ]);
  });

  const CHOICES = [
    [['--alive'], [ALIVE]],
    [['--idle'], [IDLE]],
    [['--stale'], [STALE]],
    [['--pending'], [PENDING]],
    [['--static'], [STATIC]],
    [
      ['--stale', '--alive'],
      [ALIVE, STALE],
    ],
    [
      ['--alive', '--idle', '--stale'],
      [ALIVE, IDLE, STALE],
    ],
  ] as const;
  for (const [options, expected] of CHOICES) {
    test(`with ${options.join(' and ')} has only those, latest handshake first`, async () => {
      assert.deepEqual(
        await findKeys(['ffww01', ...options]),
        expected.map(({ publicKey }) => publicKey),
      );
    });
  }

  test('can be sorted by key', async () => {
    const all = [ALIVE, IDLE, STALE, PENDING, STATIC].map(({ publicKey }) => publicKey);
    assert.deepEqual(await findKeys(['ffww01', '--sort', 'key']), all.sort());
  });

  test('of a domain that is not configured is a usage error', async () => {
    const { exitCode, stdout, stderr } = await look(gateway, ['peers', 'nowhere']);
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.equal(stderr, 'wgkex: domain "nowhere" is not in /etc/wgkex/wgkex.toml; try wgkex --help');
  });
});

describe('a reader', () => {
  test('takes no lock, so that no router waits for it', async () => {
    const lock = `/run/wgkex/${gateway.namespace}/ffww01.lock`;
    const holder = new Background('flock', ['--exclusive', '--no-fork', lock, 'sleep', '60']);
    await eventually(
      'the lock is taken',
      async () => (await attempt(gateway.namespace, 'flock', ['-n', lock, 'true'])).exitCode === 1,
    );
    for (const args of [['status'], ['peers'], ['show', PENDING.publicKey]])
      assert.equal((await look(gateway, args, { now })).exitCode, 0, args[0]);
    await holder.stop();
  });

  const skip = IS_ROOT_ALONE ? 'SKIPPED: a user namespace has no other users' : false;
  test('without root and with the PATH of an ordinary user gets hints about root, and sees the rest', {
    skip,
  }, async () => {
    const [program = '', ...options] = AS_WGKEX;
    const lookAsUser = (...args: string[]) =>
      attempt(gateway.namespace, program, [...options, 'env', 'PATH=/usr/local/bin:/usr/bin:/bin', 'wgkex', ...args]);
    const hints = ['ffww01', 'ffmuc_welt'].map((name) => `wgkex: Cannot read the peers of ${name}: run it as root`);

    const peers = await lookAsUser('peers');
    assert.deepEqual([peers.exitCode, peers.stderr], [1, hints.join('\n')]);
    const shown = await lookAsUser('show', ALIVE.publicKey);
    assert.deepEqual([shown.exitCode, shown.stderr], [1, hints.join('\n')]);
    const status = JSON.parse((await lookAsUser('status', '--json')).stdout);
    assert.equal(status.domains[0].vxlan.state, 'ok');
    assert.equal(typeof status.domains[0].last_exchange, 'number');
    assert.deepEqual(status.domains[0].attention, [
      { code: 'peers-unreadable', problem: hints[0]?.replace('wgkex: ', ''), remedy: null },
    ]);
    assert.equal((await lookAsUser('derive', ALIVE.publicKey)).exitCode, 0);
    assert.equal((await lookAsUser('exchange', gateway.address, 'ffww01', PENDING.publicKey)).exitCode, 0);
  });
});

describe('wgkex status', () => {
  const { address } = deriveLinkAddress(parsePublicKey(PENDING.publicKey), 'eui64');
  const entry = () => ['00:00:00:00:00:00', 'dev', gateway.vxlan(), 'dst', address, 'via', gateway.wireguard()];
  const mend = () => gateway.run('/usr/lib/wgkex/wgkex-cleanup', 'ffww01');

  // A running service would fix entries and routes itself, so stop it.
  test('reports missing forwarding of a router with the command that fixes it', async () => {
    await gateway.listener?.stop();
    await gateway.run('bridge', 'fdb', 'del', ...entry());
    await gateway.run('ip', '-6', 'route', 'del', `${address}/128`, 'dev', gateway.wireguard());
    const remedy = '/usr/lib/wgkex/wgkex-cleanup --repair ffww01';
    assert.deepEqual(await findFaults(), [
      { code: 'entries-missing', problem: '1 router lacks forwarding entries', remedy },
      { code: 'routes-missing', problem: '1 router lacks its route', remedy },
    ]);
    const { document } = await lookUp(gateway, ['peers', '--pending', 'ffww01']);
    assert.deepEqual([document.peers[0].missing_entries, document.peers[0].route], [['flood'], false]);
    await mend();
    await gateway.start();
    assert.deepEqual(await findFaults(), []);
  });

  test('also reports an entry and a route that lead to no router', async () => {
    const gone = deriveLinkAddress(parsePublicKey(makeKeyPair('gone').publicKey), 'eui64');
    const where = ['dev', gateway.vxlan(), 'dst', gone.address, 'via', gateway.wireguard()];
    await gateway.listener?.stop();
    await gateway.run('bridge', 'fdb', 'append', gone.mac, ...where);
    await gateway.run('ip', '-6', 'route', 'add', `${gone.address}/128`, 'dev', gateway.wireguard());
    const remedy = '/usr/lib/wgkex/wgkex-cleanup --repair ffww01';
    assert.deepEqual(await findFaults(), [
      { code: 'entries-orphaned', problem: '1 forwarding entry leads to no router', remedy },
      { code: 'routes-orphaned', problem: '1 route leads to no router', remedy },
    ]);
    await mend();
    await gateway.start();
    assert.deepEqual(await findFaults(), []);
  });

  test('ignores a momentary fault while a router is being admitted', async () => {
    await gateway.run('bridge', 'fdb', 'del', ...entry());
    const fake = '/run/bridge.slow';
    // Another test file may have put a fake in its place, or may be doing so now.
    await copyFile('/usr/sbin/bridge', '/run/bridge.real');
    await copyFile('/usr/sbin/bridge.real', '/run/bridge.real').catch(() => {});
    await writeFile(fake, `#!/bin/sh\n/run/bridge.real "$@"\n/run/bridge.real fdb append ${entry().join(' ')}\n`);
    await chmod(fake, 0o755);
    const script = `mount --bind ${fake} /usr/sbin/bridge && exec wgkex status --json`;
    const { exitCode, stdout, stderr } = await attempt(gateway.namespace, 'sh', ['-c', script]);
    assert.deepEqual([exitCode, stderr, JSON.parse(stdout).sound], [0, '', true]);
  });

  test('reports a peer with a disallowed key, with the command that removes it', async () => {
    const list = '/etc/wgkex/disallowed_keys';
    const file = `/etc/netns/${gateway.namespace}/wgkex/disallowed_keys`;
    await writeFile(file, `${PENDING.publicKey}\nrubbish\n${STATIC.publicKey}\n`);
    const { exitCode, document } = await lookUp(gateway, ['status']);
    assert.equal(exitCode, 1);
    assert.deepEqual(document.attention, [
      { code: 'key-list', problem: `${list}: line 2: expected a public key, found "rubbish"`, remedy: null },
    ]);
    const remedy = `wgkex remove ffww01 ${PENDING.publicKey}`;
    assert.deepEqual(document.domains[0].attention, [
      { code: 'disallowed-peer', problem: 'a disallowed key is a peer', remedy },
    ]);
    await writeFile(file, '');
  });

  test('reports a domain that is nearly full', async () => {
    await gateway.configure({}, { max_peers: 5, max_pending: 1 });
    const { document } = await lookUp(gateway, ['status']);
    const problems = document.domains.flatMap(({ attention }: { attention: { problem: string }[] }) =>
      attention.map(({ problem }) => problem),
    );
    const pending = 'it has 1 key that never connected; the limit is 1 (max_pending)';
    assert.deepEqual(problems, [pending, pending]);
    await gateway.configure({ cleanup: { stale_after_seconds: STALE_AFTER_SECONDS } });
  });

  test('reports an interface that is down, missing or of the wrong kind', async () => {
    const [vxlan, wireguard] = [gateway.vxlan('ffmuc_welt'), gateway.wireguard('ffmuc_welt')];
    const find = () => findFaults(1);
    await gateway.run('ip', 'link', 'set', vxlan, 'down');
    assert.deepEqual(await find(), [
      { code: 'vxlan-down', problem: `VXLAN interface ${vxlan} is down`, remedy: `ip link set ${vxlan} up` },
    ]);
    await gateway.run('ip', 'link', 'delete', vxlan);
    assert.deepEqual(await find(), [
      { code: 'vxlan-missing', problem: `VXLAN interface ${vxlan} does not exist`, remedy: null },
    ]);
    await gateway.run('ip', 'link', 'add', vxlan, 'type', 'bridge');
    assert.deepEqual(await find(), [
      { code: 'vxlan-kind', problem: `${vxlan} is not a VXLAN interface but a bridge`, remedy: null },
    ]);
    await gateway.run('ip', 'link', 'delete', vxlan);
    await gateway.removeInterfaces('ffmuc_welt');
    assert.deepEqual(await find(), [
      { code: 'wireguard-missing', problem: `WireGuard interface ${wireguard} does not exist`, remedy: null },
      { code: 'vxlan-missing', problem: `VXLAN interface ${vxlan} does not exist`, remedy: null },
    ]);
    const { exitCode, stderr, document } = await lookUp(gateway, ['peers']);
    assert.equal(exitCode, 1);
    assert.equal(stderr, `wgkex: Cannot read the peers of ffmuc_welt: interface ${wireguard} does not exist`);
    assert.equal(document.peers.length, 5, 'the peers of the other domain');
  });
});

async function findKeys(args: readonly string[]): Promise<string[]> {
  const { document } = await lookUp(gateway, ['peers', ...args], { now });
  return document.peers.map(({ key }: { key: string }) => key);
}

/** The faults of a domain; also checks that the exit status matches. */
async function findFaults(domain = 0): Promise<unknown[]> {
  const { exitCode, document } = await lookUp(gateway, ['status']);
  const { attention } = document.domains[domain];
  assert.equal(exitCode, attention.length === 0 ? 0 : 1);
  return attention;
}

function hide(text: string): string {
  return '#'.repeat(text.length);
}
