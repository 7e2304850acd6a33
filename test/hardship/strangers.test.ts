import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { COLLIDING_KEYS } from '../../lab/colliding-keys.ts';
import { pause } from '../../lab/commands.ts';
import { Crowd, countEach } from '../../lab/crowd.ts';
import { Gateway } from '../../lab/gateway.ts';
import { connect, makeKeyPair } from '../../lab/operator.ts';
import { Router } from '../../lab/router.ts';

const DOMAIN = 'ffww01';
/** Of the contract: a router that was silent for this long is no longer live. */
const LIVE_SECONDS = 180;
const [OWNER, NEWCOMER] = COLLIDING_KEYS;

test('a router that was silent for 184 s keeps its address when a stranger registers its key, then a colliding one', async (t) => {
  const gateway = await createGateway(t, 29);
  assert.equal(await exchange(gateway.address, DOMAIN, OWNER.publicKey), 'OK\n');
  const heard = await connect(gateway, OWNER);
  const from = gateway.segment.ipv4('6.6');
  // No service runs that has another idea of the time.
  await gateway.listener?.stop();
  const ask = (seconds: number, ...keys: string[]) =>
    askAt(
      gateway,
      heard + seconds,
      keys.map((key) => [key, from]),
    );
  assert.deepEqual(await ask(LIVE_SECONDS - 1, OWNER.publicKey, NEWCOMER.publicKey), ['OK', 'ADDRESS_TAKEN']);
  assert.equal((await gateway.findPeer(OWNER.publicKey))?.lastHandshake, heard, 'a live session is kept');
  assert.deepEqual(await ask(LIVE_SECONDS + 4, OWNER.publicKey, NEWCOMER.publicKey), ['OK', 'ADDRESS_TAKEN']);
  assert.equal((await gateway.findPeer(OWNER.publicKey))?.lastHandshake, 'never', 'it was reset');
  assert.deepEqual(await ask(LIVE_SECONDS + 5, NEWCOMER.publicKey), ['ADDRESS_TAKEN']);
  assert.equal(await gateway.findPeer(NEWCOMER.publicKey), undefined);
  assert.equal((await gateway.entries()).length, 2);
  await connect(gateway, OWNER);
});

test('a stranger behind the same address as a router can reset its session once, and not again for 60 s', async (t) => {
  const gateway = await createGateway(t, 30);
  const router = await Router.create(gateway, 1);
  assert.equal(await router.exchange(DOMAIN), 'OK');
  await router.up();
  await router.connected();
  assert.equal(await router.exchange(DOMAIN), 'OK');
  await router.connected();
  const before = await gateway.findPeer(router.key);
  const pings = router.ping(15);
  for (let time = 0; time < 10; time++) assert.equal(await router.exchange(DOMAIN), 'OK');
  await pings;
  await gateway.requireUninterrupted(before);
});

describe('in a domain that shares its room by household', () => {
  const maxPending = 20;
  let gateway: Gateway;
  let crowd: Crowd;

  before(async () => {
    gateway = await Gateway.create(35);
    await gateway.configure({ limits: { exempt: ['::/0', '0.0.0.0/0'] } }, { max_pending: maxPending });
    await gateway.start();
    crowd = await Crowd.gather(gateway);
  });
  after(() => gateway.close());

  test('one household with a /56 does not fill it: others still get OK, and keep their peers', async () => {
    const household: string[] = [];
    for (let index = 0; index < maxPending; index++)
      household.push(await gateway.segment.addSource(gateway.segment.ipv6(`9:1${hex(index)}::1`)));
    // At the same time: no key has had a minute to connect, however busy the machine is.
    const flood = async () => {
      const ipv6 = gateway.segment.ipv6('0::1');
      const replies = household.map((from) => exchange(ipv6, DOMAIN, makeKey(), { from }));
      assert.deepEqual(countEach(await Promise.all(replies)), { 'OK\n': maxPending });
    };
    await flood();
    assert.equal((await gateway.peers()).length, maxPending);
    const others = Array.from({ length: 8 }, makeKey);
    for (const [index, key] of others.entries())
      assert.equal(await exchange(gateway.address, DOMAIN, key, { from: crowd.ipv4(index << 8) }), 'OK\n');
    await flood();
    const keys: string[] = (await gateway.peers()).map(({ key }) => key);
    assert.equal(keys.length, maxPending);
    assert.deepEqual(
      others.filter((key) => !keys.includes(key)),
      [],
      'all of them are still there',
    );
  });
});

test('a full domain of connected peers evicts the longest silent peer of the greediest source, never a live one', async (t) => {
  const gateway = await createGateway(t, 36, { max_peers: 10 });
  const names = [
    'silent longest',
    'greedy 1',
    'greedy 2',
    'greedy 3',
    ...Array.from({ length: 6 }, (_, index) => `other ${index}`),
  ];
  const routers = names.map((name) => makeKeyPair(`connected: ${name}`));
  const heard: number[] = [];
  for (const [index, router] of routers.entries()) {
    const from = await gateway.segment.addSource(
      gateway.segment.ipv4(index < 1 || index > 3 ? `5.${index + 1}` : '5.99'),
    );
    assert.equal(await exchange(gateway.address, DOMAIN, router.publicKey, { from }), 'OK\n');
    heard.push(await connect(gateway, router, { from }));
    // The kernel counts seconds.
    if (index <= 3) await pause(2100);
  }
  await gateway.listener?.stop();
  const keys = () => gateway.peers().then((peers) => new Set<string>(peers.map(({ key }) => key)));
  const [first = 0, second = 0, third = 0, fourth = 0] = heard;
  assert.ok(first < second && second < third && third + 1 < fourth, heard.join());
  const register = (unixSeconds: number) => askAt(gateway, unixSeconds, [[makeKey(), gateway.segment.ipv4('5.200')]]);

  assert.deepEqual(await register(second + LIVE_SECONDS - 1), ['FULL'], 'its greedy peers are live');
  assert.deepEqual(await register(second + LIVE_SECONDS), ['OK']);
  assert.ok(!(await keys()).has(routers[1]?.publicKey ?? ''), 'the one that was silent longest of the greedy source');
  assert.deepEqual(await register(third + LIVE_SECONDS), ['OK']);
  assert.ok(!(await keys()).has(routers[2]?.publicKey ?? ''));
  assert.deepEqual(await register(third + LIVE_SECONDS), ['FULL'], 'one peer is not too many');
  const rest = await keys();
  for (const index of [0, 3, 4, 5, 6, 7, 8, 9]) assert.ok(rest.has(routers[index]?.publicKey ?? ''), names[index]);
});

async function createGateway(t: TestContext, number: number, settings: Record<string, unknown> = {}): Promise<Gateway> {
  const gateway = await Gateway.create(number, [{ name: DOMAIN, settings }]);
  t.after(() => gateway.close());
  await gateway.configure({ limits: { exempt: ['0.0.0.0/0'] } });
  await gateway.start();
  return gateway;
}

/** The answers of a handler with another clock to keys, each from an address, one after the other. */
async function askAt(gateway: Gateway, unixSeconds: number, requests: readonly (readonly [string, string])[]) {
  const replies: string[] = [];
  for (const [key, from] of requests) {
    const request = `${JSON.stringify({ type: 'exchange', id: 1, domain: DOMAIN, key, from })}\n`;
    const { stdout } = await gateway.handleAt(unixSeconds, request);
    replies.push(stdout.match(/"code":"(\w+)"/)?.[1] ?? stdout);
  }
  return replies;
}

function hex(index: number): string {
  return index.toString(16).padStart(2, '0');
}
