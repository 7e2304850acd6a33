import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { COLLIDING_KEYS } from '../../lab/colliding-keys.ts';
import { sh } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { listHoldings, readHoldings } from '../../lab/holdings.ts';
import { connect, type KeyPair, look, lookUp, makeKeyPair } from '../../lab/operator.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const FLOOD = '00:00:00:00:00:00';
const HOUR = 3600;
const SECOND_LOOK_SECONDS = 900;
const LISTS = { disallowed_keys: '/run/by-hand.disallowed', static_keys: '/run/by-hand.static' };
const ALLOWED = '/run/by-hand.allowed';
const [OWNER, NEWCOMER] = COLLIDING_KEYS;

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(21, [{ name: 'ffww01', settings: { route: true } }]);
  for (const list of Object.values(LISTS)) await writeFile(list, '');
  await configure();
  await gateway.start();
});
after(() => gateway.close());

/** The tests ask more often than one source may. */
async function configure(domain: Record<string, unknown> = {}): Promise<void> {
  const settings = { ...LISTS, limits: { exempt: ['0.0.0.0/0'] } };
  if (gateway.listener === undefined) await gateway.configure(settings, domain);
  else await gateway.reload(settings, domain);
}

describe('a peer that an operator set up with exactly its derived address', () => {
  let peer: KeyPair;
  let heard: number;

  before(async () => {
    peer = makeKeyPair('another gateway');
    await set(peer.publicKey, 'allowed-ips', `${derive(peer.publicKey).address}/128`);
    await bridge('append', FLOOD, derive(peer.publicKey).address);
    heard = await connect(gateway, peer);
  });

  test('cannot be registered, no matter which client sends its key', async () => {
    const [session, entries] = [await gateway.findSession(peer.publicKey), await gateway.entries()];
    const from = await gateway.segment.addSource(gateway.segment.ipv4('9.9'));
    for (const options of [{}, { from }])
      assert.equal(await register(peer.publicKey, options), 'ERR: PROHIBITED_WGKEY\n');
    assert.deepEqual([await gateway.findSession(peer.publicKey), await gateway.entries()], [session, entries]);
  });

  test('that was off for an hour is neither marked nor removed by two passes', async () => {
    const unchanged = await readHoldings(gateway);
    for (const seconds of [HOUR + 60, HOUR + 60 + SECOND_LOOK_SECONDS]) {
      const { stderr, exitCode } = await gateway.cleanUpAt(heard + seconds);
      assert.equal(exitCode, 0, stderr);
      assert.doesNotMatch(stderr, new RegExp(escapeKey(peer.publicKey)));
    }
    assert.deepEqual(await readHoldings(gateway), unchanged);
  });

  test('is counted as static', async () => {
    const { document } = await lookUp(gateway, ['status']);
    assert.deepEqual(document.domains[0].peers, { alive: 0, idle: 0, stale: 0, pending: 0, static: 1 });
  });
});

describe('a change by hand right before a request', () => {
  test('counts for that request: a peer keeps its allowed IPs, and an address stays with its peer', async () => {
    const [key, other] = [makeKey(), makeKey()];
    // A handler that has read the peers a moment ago.
    assert.equal(await register(makeKey()), 'OK\n');
    await set(key, 'allowed-ips', '192.0.2.0/24');
    assert.equal(await register(key), 'ERR: PROHIBITED_WGKEY\n');
    assert.equal(await register(makeKey()), 'OK\n');
    const holder = makeKey();
    await set(holder, 'allowed-ips', `${derive(other).address}/128`);
    assert.equal(await register(other), 'ERR: ADDRESS_TAKEN\n');
    assert.deepEqual((await gateway.findPeer(key))?.allowedIps, ['192.0.2.0/24']);
    assert.deepEqual((await gateway.findPeer(holder))?.allowedIps, [`${derive(other).address}/128`]);
    assert.equal(await gateway.findPeer(other), undefined);
  });
});

describe("an operator's change to a router's peer", () => {
  for (const [name, give] of [
    ['a preshared key', (key: string) => presharedKey(key)],
    ['a keepalive', (key: string) => set(key, 'persistent-keepalive', '25')],
  ] as const)
    test(`${name}, survives its next registration and the cleanup`, async () => {
      const key = makeKey();
      assert.equal(await register(key), 'OK\n');
      await give(key);
      const peer = await gateway.findPeer(key);
      assert.ok(peer?.hasPresharedKey || peer?.hasKeepalive);
      assert.equal(await register(key), 'ERR: PROHIBITED_WGKEY\n');
      const holdings = await readHoldings(gateway);
      const now = Math.floor(Date.now() / 1000);
      for (const seconds of [0, SECOND_LOOK_SECONDS]) await gateway.cleanUpAt(now + seconds);
      assert.deepEqual(await gateway.findPeer(key), peer);
      for (const line of holdings.filter((one) => one.includes(key) || one.includes(derive(key).address)))
        assert.ok((await readHoldings(gateway)).includes(line), line);
    });
});

describe('a flood entry without via', () => {
  let key: string;

  beforeEach(async () => {
    key = makeKey();
    await bridge('append', FLOOD, derive(key).address, []);
    assert.equal((await floods(key)).length, 1);
  });

  test('is removed when ours is added', async () => {
    assert.equal(await register(key), 'OK\n');
    assert.deepEqual(await floods(key), [gateway.wireguard()]);
  });

  test('that was made later is removed by a pass of the cleanup; one to another destination stays', async () => {
    await register(key);
    await bridge('append', FLOOD, derive(key).address, []);
    await bridge('append', FLOOD, 'fe80::99', []);
    assert.equal((await floods(key)).length, 2);
    assert.match((await gateway.cleanUp()).stderr, /removed forwarding entry/);
    assert.deepEqual(await floods(key), [gateway.wireguard()]);
    assert.ok((await gateway.entries()).some(({ destination, via }) => destination === 'fe80::99' && !via));
  });

  test('is removed with the peer', async () => {
    await register(key);
    await bridge('append', FLOOD, derive(key).address, []);
    assert.equal((await look(gateway, ['remove', 'ffww01', key])).exitCode, 0);
    assert.deepEqual(await floods(key), []);
    assert.equal(await gateway.findPeer(key), undefined);
  });
});

describe('a list of keys', () => {
  test('static_keys: such a key is prohibited, its address and its entries are kept, and a peer of ours is left', async () => {
    const key = makeKey();
    assert.equal(await register(key), 'OK\n');
    await bridge('append', FLOOD, derive(OWNER.publicKey).address);
    await writeFile(LISTS.static_keys, `${OWNER.publicKey}\n${key}\n`);
    for (const one of [OWNER.publicKey, key]) assert.equal(await register(one), 'ERR: PROHIBITED_WGKEY\n');
    assert.equal(await register(NEWCOMER.publicKey), 'ERR: ADDRESS_TAKEN\n');
    const unchanged = await readHoldings(gateway);
    const now = Math.floor(Date.now() / 1000);
    for (const seconds of [0, SECOND_LOOK_SECONDS]) {
      const { stderr } = await gateway.cleanUpAt(now + seconds);
      assert.doesNotMatch(stderr, new RegExp(escapeKey(key)));
    }
    const kept = (line: string) =>
      [key, ...[OWNER.publicKey, key].map((one) => derive(one).address)].some((one) => line.includes(one));
    assert.deepEqual((await readHoldings(gateway)).filter(kept), unchanged.filter(kept));
    await writeFile(LISTS.static_keys, '');
    assert.equal(await register(key), 'ERR: PROHIBITED_WGKEY\n', 'it has left the record');
  });

  test("disallowed_keys: such a key is prohibited, and the cleanup treats wgkex's peer with it like any other", async () => {
    const key = makeKey();
    assert.equal(await register(key), 'OK\n');
    await writeFile(LISTS.disallowed_keys, `${key}\n`);
    assert.equal(await register(key), 'ERR: PROHIBITED_WGKEY\n');
    const now = Math.floor(Date.now() / 1000);
    await gateway.cleanUpAt(now);
    assert.notEqual(await gateway.findPeer(key), undefined);
    await gateway.cleanUpAt(now + SECOND_LOOK_SECONDS);
    assert.equal(await gateway.findPeer(key), undefined);
    await writeFile(LISTS.disallowed_keys, '');
  });

  test('allowed_keys: only listed keys are admitted, and two passes remove a key that is taken out, even a live one', async () => {
    const router = makeKeyPair('a listed router');
    await writeFile(ALLOWED, `${router.publicKey}\n`);
    await configure({ allowed_keys: ALLOWED });
    assert.equal(await register(makeKey()), 'ERR: PROHIBITED_WGKEY\n');
    assert.equal(await register(router.publicKey), 'OK\n');
    const heard = await connect(gateway, router);
    assert.match((await gateway.cleanUpAt(heard + 1)).stderr, /"alive":1/);
    await writeFile(ALLOWED, '# nobody\n');
    assert.match((await gateway.cleanUpAt(heard + 2)).stderr, new RegExp(`${escapeKey(router.publicKey)}.*"marked"`));
    await gateway.cleanUpAt(heard + 3);
    assert.notEqual(await gateway.findPeer(router.publicKey), undefined);
    await gateway.cleanUpAt(heard + 2 + SECOND_LOOK_SECONDS);
    const left = await readHoldings(gateway);
    assert.deepEqual(
      left.filter((line) => line.includes(derive(router.publicKey).address)),
      [],
    );
    await configure();
  });

  test('that is named and missing: new keys get FAILED, known ones OK, and the cleanup removes nobody', async () => {
    const key = makeKey();
    assert.equal(await register(key), 'OK\n');
    await configure({ allowed_keys: '/run/by-hand.missing' });
    assert.equal(await register(makeKey()), 'ERR: FAILED\n');
    assert.equal(await register(key), 'OK\n');
    const now = Math.floor(Date.now() / 1000);
    for (const seconds of [0, SECOND_LOOK_SECONDS]) await gateway.cleanUpAt(now + seconds);
    assert.notEqual(await gateway.findPeer(key), undefined);
    await configure();
  });
});

test('a change of `address` moves a router at its next request, and leaves nothing of its old address', async () => {
  const key = makeKey();
  assert.equal(await register(key), 'OK\n');
  const [former, next] = [derive(key), derive(key, 'ffmuc')];
  await configure({ address: 'ffmuc' });
  assert.equal(await register(key), 'OK\n');
  const holdings = (await readHoldings(gateway)).join('\n');
  assert.doesNotMatch(holdings, new RegExp(` ${former.address}`));
  const expected = [
    `entry ${FLOOD} ${next.address} ${gateway.wireguard()}`,
    `entry ${next.mac} ${next.address} ${gateway.wireguard()}`,
    `peer ${key} ${next.address}/128`,
    `route ${next.address}`,
  ];
  assert.deepEqual(
    holdings.split('\n').filter((line) => line.includes(next.address)),
    expected,
  );
  await configure();
  assert.equal(await register(key), 'OK\n');
  const back = (await readHoldings(gateway)).filter(
    (line) => line.includes(next.address) || line.includes(former.address),
  );
  assert.deepEqual(back, listHoldings(gateway, key).sort());
});

function register(key: string, options = {}): Promise<string> {
  return exchange(gateway.address, 'ffww01', key, options);
}

function set(key: string, ...words: string[]): Promise<string> {
  return gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, ...words);
}

async function presharedKey(key: string): Promise<void> {
  await writeFile('/run/by-hand.psk', await sh('wg', 'genpsk'), { mode: 0o600 });
  await set(key, 'preshared-key', '/run/by-hand.psk');
}

function bridge(verb: string, mac: string, destination: string, via = ['via', gateway.wireguard()]): Promise<string> {
  return gateway.run('bridge', 'fdb', verb, mac, 'dev', gateway.vxlan(), 'dst', destination, ...via);
}

/** Through which interfaces the flood entries to a router lead. */
async function floods(key: string): Promise<(string | undefined)[]> {
  const { address } = derive(key);
  const entries = await gateway.entries();
  return entries.filter(({ mac, destination }) => mac === FLOOD && destination === address).map(({ via }) => via);
}

function derive(key: string, variant: 'eui64' | 'ffmuc' = 'eui64') {
  return deriveLinkAddress(parsePublicKey(key), variant);
}

function escapeKey(key: string): string {
  return key.replace(/[+/]/g, '\\$&');
}
