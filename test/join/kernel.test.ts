import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ipBatch } from '../../lab/commands.ts';
import { ADDRESSES, FAR, findClientUid, INSIDE, TunnelScene } from '../../lab/tunnels.ts';
import { TRAFFIC } from '../../src/core/client/instance.ts';
import { EVERYTHING, FAMILIES, type Family } from '../../src/core/client/networks.ts';
import type { Tunnel } from '../../src/core/client/tunnel-plan.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';

const ONLY = { IPv4: { ...ADDRESSES, address6: undefined }, IPv6: { ...ADDRESSES, address4: undefined } };
const DNS_PORT = 53;

describe('a tunnel for split routes', () => {
  let scene: TunnelScene;
  let before_ = '';
  before(async () => {
    scene = await TunnelScene.create(36);
    before_ = await scene.state();
  });
  after(() => scene.close());

  test('comes up, and its gateway answers in both families', async () => {
    await scene.up(scene.tunnel('routes'));
    await reaches(scene);
    const { isUp, handshake, received } = await scene.read();
    assert.ok(isUp && handshake > 0 && received > 0);
    assert.equal(await scene.run('cat', `/sys/class/net/${scene.device}/ifalias`), 'wgkex-client');
  });

  test('stays as it is when it is brought up again', async () => {
    const state = await scene.state();
    await scene.up(scene.tunnel('routes'));
    assert.equal(await scene.state(), state);
  });

  test('is not part of what it must not take', async () => {
    const { networks, gateways } = await scene.surroundings();
    assert.ok(networks.every(({ device }) => device !== scene.device));
    assert.ok(networks.some(({ network, device }) => device === 'uplink' && network === scene.segment.ipv4('0.0/16')));
    assert.deepEqual(gateways, [scene.segment.ipv4('0.2'), scene.segment.ipv6('0::2')].map(parseIpAddress));
  });

  test('goes to another gateway on the same interface, with what that one says', async () => {
    const index = await scene.run('cat', `/sys/class/net/${scene.device}/ifindex`);
    const other = { address4: parseIpAddress('10.66.0.6'), address6: undefined };
    const settings = { addresses: other, allowedIps: ['10.66.0.0/25', 'fd66::/112'], mtu: 1300 };
    const former = await scene.received(1);
    await scene.up(scene.tunnel('routes', settings, 2));
    assert.equal(await scene.run('cat', `/sys/class/net/${scene.device}/ifindex`), index);
    assert.equal((await scene.run('wg', 'show', scene.device, 'peers')).split('\n').length, 1);
    assert.ok(await eventuallyPings(scene, INSIDE.IPv4));
    assert.equal(await scene.received(1), former);
    const state = await scene.state();
    assert.match(state, /10\.66\.0\.0\/25 dev wg-t36/);
    assert.match(state, /mtu 1300/);
    assert.doesNotMatch(state, /10\.66\.0\.0\/24|10\.66\.0\.5|fd66::/);
  });

  test('takes no route that somebody else has made since root looked', async () => {
    await scene.run('ip', 'route', 'add', '10.66.0.0/24', 'dev', 'uplink', 'metric', '1024');
    const { exitCode, stderr } = await scene.call('up', scene.tunnel('routes'));
    assert.equal(exitCode, 1);
    assert.match(stderr, /File exists/);
    assert.match(await scene.run('ip', 'route'), /10\.66\.0\.0\/24 dev uplink/);
    await scene.run('ip', 'route', 'del', '10.66.0.0/24', 'dev', 'uplink');
    await scene.up(scene.tunnel('routes'));
    await reaches(scene);
  });

  test('is not up while wireguard-go is dead, and comes back', async (t) => {
    const pid = await scene.userspacePid();
    if (pid === undefined) return t.skip('the kernel has WireGuard');
    process.kill(pid, 'SIGKILL');
    assert.equal((await scene.read()).isUp, false);
    await scene.up(scene.tunnel('routes'));
    await reaches(scene);
  });

  test('changes to any other kind and back, and goes down without a trace', async () => {
    for (const from of TRAFFIC)
      for (const to of TRAFFIC) {
        await scene.up(scene.tunnel(from));
        await scene.up(scene.tunnel(to));
        const state = await scene.state();
        await scene.down();
        assert.equal(await scene.state(), before_, `${from} and ${to}`);
        await scene.up(scene.tunnel(to));
        assert.equal(await scene.state(), state, `${from} and ${to}`);
      }
    await scene.down();
    assert.equal(await scene.state(), before_);
    assert.equal((await scene.read()).isUp, false);
  });

  test('touches no interface that somebody else has made', async () => {
    await ipBatch(scene.namespace, `link add ${scene.device} type veth peer name other`, `link set ${scene.device} up`);
    const state = await scene.state();
    const { exitCode, stderr } = await scene.call('up', scene.tunnel('routes'));
    assert.equal(exitCode, 1);
    assert.match(stderr, /Cannot use wg-t36: there is an interface of this name that wgkex-tunnel has not made$/);
    await scene.down();
    assert.equal(await scene.state(), state);
    await scene.run('ip', 'link', 'delete', scene.device);
  });

  test('is refused with a broken private key, which is not shown', async () => {
    const privateKey = 'c2VjcmV0';
    const { stderr } = await scene.call('up', { ...scene.tunnel('routes'), privateKey });
    assert.match(stderr, /Cannot read the private key in the call for wg-t36: expected 32 bytes in base64$/);
    assert.ok(!stderr.includes(privateKey));
    assert.equal(await scene.state(), before_);
  });
});

describe('a tunnel for all traffic', () => {
  let scene: TunnelScene;
  let before_ = '';
  let uid = 0;
  before(async () => {
    scene = await TunnelScene.create(37);
    before_ = await scene.state();
    uid = await findClientUid();
  });
  after(() => scene.close());

  for (const filter of [0, 2])
    for (const [what, settings] of [
      ['both families', {}],
      ['IPv4 alone', { addresses: ONLY.IPv4 }],
      ['IPv6 alone', { addresses: ONLY.IPv6, dns: [INSIDE.IPv6] }],
      ['a default route of IPv6 alone', { allowedIps: ['10.66.0.0/24', '::/0'] }],
    ] as const)
      test(`lets nothing past it, with ${what} and rp_filter ${filter}`, async () => {
        await setFilter(scene, filter);
        await scene.up(scene.tunnel('all', settings));
        await scene.strays();
        for (const family of FAMILIES) await assertFate(scene, family, carries(scene.tunnel('all', settings), family));
        assert.deepEqual(await scene.strays(), []);
        await scene.down();
        assert.equal(await scene.state(), before_);
      });

  test('asks its name servers alone', async () => {
    await scene.resolverCalls();
    await scene.up(scene.tunnel('all'));
    const device = scene.device;
    const calls = [`dns ${device} ${INSIDE.IPv4}`, `domain ${device} ~.`, `default-route ${device} yes`];
    assert.deepEqual(await scene.resolverCalls(), calls);
  });

  test('leaves local networks where they are, but asks no name server there', async () => {
    const local = [scene.segment.ipv4('0.2'), scene.segment.ipv6('0::2')].map(parseIpAddress);
    await scene.strays();
    for (const address of local) assert.ok(await scene.ping(address));
    assert.deepEqual(await scene.strays(), [...local].sort());
    for (const address of local) {
      for (const user of [0, uid]) await scene.send(address, DNS_PORT, user);
      await scene.sendByUplink(address, DNS_PORT);
    }
    assert.deepEqual(await scene.strays(), []);
  });

  test('lets nothing of IPv6 past it that is bound to another interface', async () => {
    await scene.sendByUplink(FAR.IPv6, 9);
    assert.deepEqual(await scene.strays(), []);
  });

  test('lets the packets of wgkex-join past it', async () => {
    for (const family of FAMILIES) {
      await scene.send(FAR[family], 9, uid);
      assert.deepEqual(await scene.strays(), [FAR[family]]);
    }
  });

  test('lets nothing past it while the gateway is silent, wgkex-join aside, and while it changes the gateway', async (t) => {
    t.after(await scene.silence(1));
    for (const address of Object.values(FAR)) assert.equal(await scene.ping(address), false);
    await whilePinging(scene, async () => {
      await scene.up(scene.tunnel('all', { addresses: ONLY.IPv4, allowedIps: ['0.0.0.0/0'] }, 2));
      await scene.up(scene.tunnel('all', {}, 2));
    });
    assert.ok(await eventuallyPings(scene, FAR.IPv6));
    assert.deepEqual(await scene.strays(), []);
  });

  test('lets nothing past it when its interface is deleted, and comes back', async () => {
    await scene.run('ip', 'link', 'delete', scene.device);
    for (const address of Object.values(FAR)) {
      assert.equal(await scene.ping(address), false);
      await scene.send(address);
    }
    assert.deepEqual(await scene.strays(), []);
    await whilePinging(scene, () => scene.up(scene.tunnel('all')));
    for (const address of Object.values(FAR)) assert.ok(await eventuallyPings(scene, address));
    assert.deepEqual(await scene.strays(), []);
  });

  test('goes down, and everything is as before', async () => {
    await scene.down();
    assert.equal(await scene.state(), before_);
    for (const address of Object.values(FAR)) assert.ok(await scene.ping(address));
    assert.deepEqual(await scene.strays(), Object.values(FAR).sort());
  });

  for (const [what, expected, prepare, undo] of [
    [
      'names would be looked up elsewhere',
      /names would be looked up outside the tunnel; apt-get install systemd-resolved/,
      () => scene.useResolver('192.0.2.53'),
      () => scene.useResolver('127.0.0.53'),
    ],
    [
      'reverse paths are checked strictly',
      /uplink checks reverse paths strictly; sysctl -w net.ipv4.conf.all.rp_filter=2$/,
      () => setFilter(scene, 1),
      () => setFilter(scene, 0),
    ],
    [
      'another tunnel takes it',
      /wg-other does so already$/,
      () => scene.run('ip', 'rule', 'add', 'pref', '30560', 'oif', 'wg-other', 'lookup', '30567', 'protocol', '119'),
      () => scene.run('ip', 'rule', 'del', 'pref', '30560'),
    ],
  ] as const)
    test(`is refused where ${what}, and changes nothing`, async () => {
      await prepare();
      const state = await scene.state();
      const { exitCode, stderr } = await scene.call('up', scene.tunnel('all'));
      assert.equal(exitCode, 1);
      assert.match(stderr, expected);
      assert.equal(await scene.state(), state);
      await undo();
    });
});

describe('a tunnel for programs that bind to its address', () => {
  let scene: TunnelScene;
  before(async () => {
    scene = await TunnelScene.create(38);
    await scene.up(scene.tunnel('proxy'));
  });
  after(() => scene.close());

  test('takes their packets, and those of programs that bind to its interface', async () => {
    const { address4, address6 } = ADDRESSES;
    for (const [address, from] of [
      [FAR.IPv4, address4],
      [FAR.IPv6, address6],
    ] as const) {
      assert.ok(await eventuallyPings(scene, address, from));
      assert.ok(await scene.ping(address, scene.device));
    }
    assert.deepEqual(await scene.strays(), []);
  });

  test('leaves all others alone', async () => {
    for (const address of Object.values(FAR)) assert.ok(await scene.ping(address));
    assert.deepEqual(await scene.strays(), Object.values(FAR).sort());
  });

  test('shares no table with another one', async () => {
    const other = {
      ...scene.tunnel('proxy', { addresses: { address4: parseIpAddress('10.66.0.7'), address6: undefined } }),
      name: 't38b',
    };
    await scene.up(other as never);
    assert.match(await scene.run('ip', 'rule'), /from 10\.66\.0\.7 lookup 30569/);
    await scene.call('down', 't38b');
    assert.match(await scene.run('ip', 'rule'), /from 10\.66\.0\.5 lookup 30568/);
    assert.doesNotMatch(await scene.state(), /30569|10\.66\.0\.7/);
  });

  test('lets no packet out with its address when its interface is deleted', async () => {
    await scene.run('ip', 'link', 'delete', scene.device);
    await scene.run('ip', 'address', 'add', `${ADDRESSES.address4}/32`, 'dev', 'lo');
    assert.equal(await scene.ping(FAR.IPv4, ADDRESSES.address4), false);
    await scene.run('ip', 'address', 'del', `${ADDRESSES.address4}/32`, 'dev', 'lo');
    assert.deepEqual(await scene.strays(), []);
  });
});

function carries({ settings: { addresses, allowedIps } }: Tunnel, family: Family): boolean {
  const address = family === 'IPv4' ? addresses.address4 : addresses.address6;
  return address !== undefined && allowedIps.includes(EVERYTHING[family]);
}

/** A family that the tunnel carries gets through, another one does not. */
async function assertFate(scene: TunnelScene, family: Family, isCarried: boolean): Promise<void> {
  const far = FAR[family];
  assert.equal(isCarried ? await eventuallyPings(scene, far) : await scene.ping(far), isCarried, family);
  await scene.send(far);
}

async function setFilter(scene: TunnelScene, value: number): Promise<void> {
  for (const device of ['all', 'uplink'])
    await scene.run('sysctl', '-qw', `net.ipv4.conf.${device}.rp_filter=${value}`);
}

async function reaches(scene: TunnelScene): Promise<void> {
  for (const address of Object.values(INSIDE)) assert.ok(await eventuallyPings(scene, address), address);
}

/** A first packet waits for the handshake. */
async function eventuallyPings(scene: TunnelScene, address: string, from?: string): Promise<boolean> {
  for (let turn = 0; turn < 10; turn++) if (await scene.ping(address, from)) return true;
  return false;
}

/** Sends to the far end all the while. */
async function whilePinging(scene: TunnelScene, work: () => Promise<unknown>): Promise<void> {
  let isDone = false;
  const sending = Promise.all(
    Object.values(FAR).map(async (address) => {
      while (!isDone) await scene.send(address);
    }),
  );
  await work().finally(() => {
    isDone = true;
  });
  await sending;
}
