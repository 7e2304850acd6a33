import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { type ClientOptions, exchange, makeKey, send } from '../../lab/client.ts';
import { Gateway } from '../../lab/gateway.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const FLOOD = '00:00:00:00:00:00';

const KEYS = Array.from({ length: 5 }, makeKey);

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(2, [
    { name: 'ffww01', settings: { names: ['westerwald', 'ww-alt'] } },
    { name: 'ffmuc', settings: { address: 'ffmuc', fdb: ['flood'] } },
    { name: 'gluon', settings: { address: 'gluon', fdb: ['unicast'], route: true } },
  ]);
  await gateway.start();
});
after(() => gateway.close());

describe('a key is admitted', () => {
  const cases: { name: string; chunks: (key: string) => (string | Uint8Array)[]; options?: ClientOptions }[] = [
    { name: 'with the domain first', chunks: (key) => [`ffww01\n${key}\n`] },
    { name: 'with the key first', chunks: (key) => [`${key}\nffww01\n`] },
    { name: 'with another name of the domain', chunks: (key) => [`westerwald\n${key}\n`] },
    { name: 'followed by another name of the domain', chunks: (key) => [`${key}\nww-alt\n`] },
    { name: 'with CRLF', chunks: (key) => [`ffww01\r\n${key}\r\n`] },
    { name: 'with blanks around the lines', chunks: (key) => [` ffww01\t\n \t${key} \n`] },
    {
      name: 'without the last newline, half-closed',
      chunks: (key) => [`ffww01\n${key}`],
      options: { halfClose: true },
    },
    { name: 'from a half-closed connection', chunks: (key) => [`ffww01\n${key}\n`], options: { halfClose: true } },
    { name: 'line by line', chunks: (key) => ['ffww01\n', `${key}\n`], options: { gap: 100 } },
    {
      name: 'a byte at a time',
      chunks: (key) => [...Buffer.from(`ffww01\r\n${key}\r\n`)].map((byte) => Uint8Array.of(byte)),
      options: { gap: 2 },
    },
    { name: 'followed by more bytes', chunks: (key) => [`ffww01\n${key}\nand much more\n`, 'x'.repeat(100_000)] },
  ];
  for (const { name, chunks, options = {} } of cases) {
    test(name, async () => {
      const key = makeKey();
      assert.equal(await send(gateway.address, chunks(key), options), 'OK\n');
      await assertIsIn(key, 'ffww01');
    });
  }

  test('over IPv6', async () => {
    const key = makeKey();
    assert.equal(await exchange(gateway.segment.ipv6('0::1'), 'ffww01', key), 'OK\n');
    await assertIsIn(key, 'ffww01');
  });

  test('only once after ten repetitions', async () => {
    const key = makeKey();
    for (let repetition = 0; repetition < 10; repetition++) {
      assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    }
    await assertIsIn(key, 'ffww01');
  });

  test('only once when it comes ten times at the same time', async () => {
    const key = makeKey();
    const replies = await Promise.all(Array.from({ length: 10 }, () => exchange(gateway.address, 'ffww01', key)));
    assert.deepEqual(new Set(replies), new Set(['OK\n']));
    await assertIsIn(key, 'ffww01');
  });
});

test('a source that reconnects as soon as it has its reply never has too many connections', async () => {
  await reconfigure({ limits: { connections_per_source: 1, exchanges_per_source_burst: 1000 } });
  const from = await gateway.segment.addSource(gateway.segment.ipv4('8.8'));
  const replies: string[] = [];
  for (let time = 0; time < 50; time++) {
    replies.push(await exchange(gateway.address, 'ffww01', KEYS[time % 5] ?? '', { from }));
  }
  await reconfigure({});
  assert.deepEqual(new Set(replies), new Set(['OK\n']));
});

describe('each domain', () => {
  test('gets only its own keys', async () => {
    const [westerwald, munich, gluon] = [makeKey(), makeKey(), makeKey()];
    await Promise.all([
      exchange(gateway.address, 'ffww01', westerwald),
      exchange(gateway.address, 'ffmuc', munich),
      exchange(gateway.address, 'gluon', gluon),
    ]);
    await assertIsIn(westerwald, 'ffww01');
    await assertIsIn(munich, 'ffmuc');
    await assertIsIn(gluon, 'gluon');
  });

  test('has its own kinds of entries, and a host route if configured', async () => {
    const key = makeKey();
    const { address } = deriveLinkAddress(parsePublicKey(key), 'gluon');
    assert.equal(await exchange(gateway.address, 'gluon', key), 'OK\n');
    assert.match(
      await gateway.run('ip', '-6', 'route', 'show', 'dev', gateway.wireguard('gluon')),
      new RegExp(`^${address} `, 'm'),
    );
    assert.doesNotMatch(
      await gateway.run('ip', '-6', 'route', 'show', 'dev', gateway.wireguard('ffww01')),
      /^fe80::\S+ff:fe/m,
    );
  });
});

describe('with quiet_success', () => {
  afterEach(() => reconfigure({}));

  test('a success sends nothing, and a refusal sends its code', async () => {
    await reconfigure({ quiet_success: true });
    const key = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', key), '');
    await assertIsIn(key, 'ffww01');
    assert.equal(await exchange(gateway.address, 'nowhere', key), 'ERR: INVALID_DOMAIN\n');
  });
});

const KINDS = { ffww01: ['flood', 'unicast'], ffmuc: ['flood'], gluon: ['unicast'] } as const;
const VARIANTS = { ffww01: 'eui64', ffmuc: 'ffmuc', gluon: 'gluon' } as const;

/** The peer has exactly its derived address, and exactly the configured entries exist, in this domain and no other. */
async function assertIsIn(key: string, domain: keyof typeof KINDS): Promise<void> {
  const { mac, address } = deriveLinkAddress(parsePublicKey(key), VARIANTS[domain]);
  assert.deepEqual((await gateway.findPeer(key, domain))?.allowedIps, [`${address}/128`]);
  const entries = (await gateway.entries(domain)).filter(({ destination }) => destination === address);
  const expected = KINDS[domain].map((kind) => ({
    mac: kind === 'flood' ? FLOOD : mac,
    destination: address,
    via: gateway.wireguard(domain),
  }));
  const byMac = (a: { mac: string }, b: { mac: string }) => a.mac.localeCompare(b.mac);
  assert.deepEqual(entries.sort(byMac), expected.sort(byMac));
  for (const other of Object.keys(KINDS).filter((name) => name !== domain)) {
    assert.equal(await gateway.findPeer(key, other), undefined);
  }
}

async function reconfigure(settings: Record<string, unknown>): Promise<void> {
  await gateway.reload(settings);
}
