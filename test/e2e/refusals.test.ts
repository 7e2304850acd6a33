import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type ClientOptions, exchange, makeKey, open, readAll, send } from '../../lab/client.ts';
import { Crowd } from '../../lab/crowd.ts';
import { Gateway } from '../../lab/gateway.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

/** Of the contract. */
const LINE_SECONDS = 5;

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(3);
  await configure({});
  await gateway.start();
});
after(() => gateway.close());

/** The contract's settings, except that a test meets only its own limit. */
async function configure(limits: Record<string, unknown>, domain: Record<string, unknown> = {}): Promise<void> {
  const settings = {
    disallowed_keys: '/run/wgkex/disallowed',
    limits: { exchanges_per_source_burst: 1000, ...limits },
  };
  if (gateway.listener === undefined) await gateway.configure(settings, domain);
  else await gateway.reload(settings, domain);
}

describe('unusable input is refused, and changes nothing:', () => {
  const KEY = makeKey();
  const cases: { name: string; chunks: (string | Uint8Array)[]; options?: ClientOptions; code: string }[] = [
    { name: 'nothing at all', chunks: [], options: { halfClose: true }, code: 'NO_DOMAIN' },
    { name: 'an empty line', chunks: ['\n\n'], code: 'NO_DOMAIN' },
    { name: 'a key without a domain', chunks: [`${KEY}\n`], options: { halfClose: true }, code: 'NO_DOMAIN' },
    { name: 'a domain without a key', chunks: ['ffww01\n'], options: { halfClose: true }, code: 'NO_WGKEY' },
    { name: 'a domain, then an empty line', chunks: ['ffww01\n\n'], code: 'NO_WGKEY' },
    { name: 'an unknown domain', chunks: [`ffww02\n${KEY}\n`], code: 'INVALID_DOMAIN' },
    { name: 'a domain in capitals', chunks: [`FFWW01\n${KEY}\n`], code: 'INVALID_DOMAIN' },
    { name: 'the name of a property of every object', chunks: [`__proto__\n${KEY}\n`], code: 'INVALID_DOMAIN' },
    { name: 'a domain with a control byte', chunks: [`ffww01\x00\n${KEY}\n`], code: 'INVALID_DOMAIN' },
    { name: 'a key that is too short', chunks: [`ffww01\n${KEY.slice(1)}\n`], code: 'INVALID_WGKEY' },
    { name: 'a key with spare bits', chunks: [`ffww01\n${'A'.repeat(42)}B=\n`], code: 'INVALID_WGKEY' },
    { name: 'the all-zero key', chunks: [`ffww01\n${'A'.repeat(43)}=\n`], code: 'INVALID_WGKEY' },
    { name: 'a damaged key before the domain', chunks: [`${KEY.slice(1)}\nffww01\n`], code: 'INVALID_WGKEY' },
    { name: 'words for wg', chunks: [`ffww01\n${KEY} remove\n`], code: 'INVALID_WGKEY' },
    { name: 'a byte outside ASCII', chunks: [Buffer.from(`ffww01\xa0\n${KEY}\n`, 'latin1')], code: 'INVALID_DOMAIN' },
    { name: '65 bytes without an end', chunks: ['x'.repeat(65)], code: 'LINE_TOO_LONG' },
    { name: 'a second line of 65 bytes', chunks: [`ffww01\n${'x'.repeat(65)}\n`], code: 'LINE_TOO_LONG' },
    { name: 'a megabyte', chunks: ['x'.repeat(1 << 20)], code: 'LINE_TOO_LONG' },
  ];
  for (const { name, chunks, options = {}, code } of cases) {
    test(`${name}: ${code}`, async () => {
      const unchanged = await gateway.snapshot();
      assert.equal(await send(gateway.address, chunks, options), `ERR: ${code}\n`);
      assert.equal(await gateway.snapshot(), unchanged);
    });
  }
});

describe('missing input is refused when its time is up, and changes nothing:', { concurrency: true }, () => {
  const cases: { name: string; chunks: string[]; code: string }[] = [
    { name: 'silence', chunks: [], code: 'NO_DOMAIN' },
    { name: 'a domain whose line never ends', chunks: ['ffww01'], code: 'NO_DOMAIN' },
    { name: 'a domain, then silence', chunks: ['ffww01\n'], code: 'NO_WGKEY' },
  ];
  for (const { name, chunks, code } of cases) {
    test(`${name}: ${code}`, async () => {
      const unchanged = await gateway.snapshot();
      assert.equal(await send(gateway.address, chunks), `ERR: ${code}\n`);
      assert.equal(await gateway.snapshot(), unchanged);
    });
  }

  test('the deadline of a line is absolute: a byte now and then does not move it', async () => {
    const start = performance.now();
    const socket = await open(gateway.address);
    const drip = setInterval(() => socket.write('f'), 250);
    const reply = await readAll(socket);
    clearInterval(drip);
    assert.equal(reply, 'ERR: NO_DOMAIN\n');
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds > LINE_SECONDS && seconds < 2 * LINE_SECONDS, `${seconds} s`);
  });
});

describe('a forbidden registration is refused, and changes nothing:', () => {
  beforeEach(() => configure({}));

  test('a disallowed key: PROHIBITED_WGKEY', async () => {
    const key = makeKey();
    await writeFile('/run/wgkex/disallowed', `# what the operator does not want\n${key} # a comment\n`);
    await configure({});
    await assertRefused(key, 'PROHIBITED_WGKEY');
  });

  test("the gateway's own key: PROHIBITED_WGKEY", async () => {
    await assertRefused(await gateway.publicKey(), 'PROHIBITED_WGKEY');
  });

  test("an operator's peer: PROHIBITED_WGKEY", async () => {
    const key = makeKey();
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'allowed-ips', 'fe80::77/128,192.0.2.0/24');
    await assertRefused(key, 'PROHIBITED_WGKEY');
  });

  test("a key with the gateway's own address: ADDRESS_TAKEN", async () => {
    const key = makeKey();
    const { address } = deriveLinkAddress(parsePublicKey(key), 'eui64');
    await gateway.run('ip', 'address', 'add', `${address}/64`, 'dev', gateway.wireguard(), 'nodad');
    await assertRefused(key, 'ADDRESS_TAKEN');
  });

  test("a key with the address of an operator's peer: ADDRESS_TAKEN", async () => {
    const key = makeKey();
    const { address } = deriveLinkAddress(parsePublicKey(key), 'eui64');
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', makeKey(), 'allowed-ips', `${address}/128`);
    await assertRefused(key, 'ADDRESS_TAKEN');
  });

  test('a key for a domain full of keys that still have time to connect, none from a greedy source: FULL', async () => {
    const most = 10;
    await configure({}, { max_pending: most });
    const crowd = await Crowd.gather(gateway);
    // Each from its own network.
    for (let pending = 0; pending < most; pending++)
      assert.equal(await exchange(gateway.address, 'ffww01', makeKey(), { from: crowd.ipv4(pending << 8) }), 'OK\n');
    await assertRefused(makeKey(), 'FULL');
  });

  test('one exchange too many from a source: BUSY', async () => {
    await configure({ exchanges_per_source_burst: 2, exchanges_per_source_per_second: 0.001 });
    const from = await gateway.segment.addSource(gateway.segment.ipv4('7.7'));
    const key = makeKey();
    for (let time = 0; time < 2; time++) assert.equal(await exchange(gateway.address, 'ffww01', key, { from }), 'OK\n');
    await assertRefused(makeKey(), 'BUSY', from);
    const other = await gateway.segment.addSource(gateway.segment.ipv4('7.8'));
    assert.equal(
      await exchange(gateway.address, 'ffww01', key, { from: other }),
      'OK\n',
      'another source has its own share',
    );
  });

  test('one connection too many from a source, counted for the whole IPv6 /64: BUSY', async () => {
    await configure({ connections_per_source: 2, line_seconds: 60 });
    const sources = ['5:0::1', '5:0::2', '5:0::3'].map((host) => gateway.segment.addSource(gateway.segment.ipv6(host)));
    const [first, second, third] = await Promise.all(sources);
    const host = gateway.segment.ipv6('0::1');
    const silent = [await open(host, { from: first ?? '' }), await open(host, { from: second ?? '' })];
    assert.equal(await readAll(await open(host, { from: third ?? '' })), 'ERR: BUSY\n');
    const neighbour = await gateway.segment.addSource(gateway.segment.ipv6('6:0::1'));
    assert.equal(
      await exchange(host, 'ffww01', makeKey(), { from: neighbour }),
      'OK\n',
      'another /64 has its own share',
    );
    for (const socket of silent) socket.destroy();
  });

  test('one exchange too many from a /56, however many of its /64s are used: BUSY', async () => {
    await configure({ exchanges_per_source_burst: 2, exchanges_per_source_per_second: 0.001 });
    const host = gateway.segment.ipv6('0::1');
    const addSource = (subnet: string) => gateway.segment.addSource(gateway.segment.ipv6(`9:${subnet}::1`));
    const key = makeKey();
    for (const subnet of ['100', '101', '102', '103', '104', '105', '106', '107'])
      assert.equal(await exchange(host, 'ffww01', key, { from: await addSource(subnet) }), 'OK\n');
    assert.equal(await exchange(host, 'ffww01', makeKey(), { from: await addSource('108') }), 'ERR: BUSY\n');
    const neighbour = await addSource('200');
    assert.equal(await exchange(host, 'ffww01', key, { from: neighbour }), 'OK\n', 'another /56 has its own share');
  });

  test('one exchange too many over IPv4 while all of IPv6 is exempt: BUSY', async () => {
    await configure({ exchanges_per_source_burst: 1, exchanges_per_source_per_second: 0.001, exempt: ['::/0'] });
    const key = makeKey();
    const from = await gateway.segment.addSource(gateway.segment.ipv4('7.9'));
    assert.equal(await exchange(gateway.address, 'ffww01', key, { from }), 'OK\n');
    assert.equal(await exchange(gateway.address, 'ffww01', key, { from }), 'ERR: BUSY\n');
    for (let time = 0; time < 3; time++)
      assert.equal(await exchange(gateway.segment.ipv6('0::1'), 'ffww01', key), 'OK\n', 'IPv6 is exempt');
  });

  test('one exchange too many over IPv6 while all of IPv4 is exempt: BUSY', async () => {
    await configure({ exchanges_per_source_burst: 1, exchanges_per_source_per_second: 0.001, exempt: ['0.0.0.0/0'] });
    const key = makeKey();
    const from = await gateway.segment.addSource(gateway.segment.ipv6('a:0::1'));
    assert.equal(await exchange(gateway.segment.ipv6('0::1'), 'ffww01', key, { from }), 'OK\n');
    assert.equal(await exchange(gateway.segment.ipv6('0::1'), 'ffww01', key, { from }), 'ERR: BUSY\n');
    for (let time = 0; time < 3; time++)
      assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n', 'IPv4 is exempt');
  });

  test('a missing interface: FAILED, and requests are served again when it is back', async () => {
    await gateway.removeInterfaces();
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'ERR: FAILED\n');
    assert.match(gateway.listener?.stderr ?? '', new RegExp(`${gateway.wireguard()} does not exist`));
    await gateway.addInterfaces();
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  });

  test('a missing VXLAN: FAILED, and no peer without entries', async () => {
    await gateway.run('ip', 'link', 'delete', gateway.vxlan());
    const before = await gateway.peers();
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'ERR: FAILED\n');
    assert.deepEqual(await gateway.peers(), before);
    assert.match(gateway.listener?.stderr ?? '', new RegExp(`${gateway.vxlan()} does not exist`));
  });
});

async function assertRefused(key: string, code: string, from?: string): Promise<void> {
  const unchanged = await gateway.snapshot();
  assert.equal(await exchange(gateway.address, 'ffww01', key, from === undefined ? {} : { from }), `ERR: ${code}\n`);
  assert.equal(await gateway.snapshot(), unchanged);
}
