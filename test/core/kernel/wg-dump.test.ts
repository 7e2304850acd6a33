import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DumpReader, parseDump, type WireguardReading } from '../../../src/core/kernel/wg-dump.ts';
import { isIpv4, parseIpAddress } from '../../../src/core/values/ip-address.ts';
import type { Peer } from '../../../src/core/values/peer.ts';
import { damaged, ipAddresses, KEYS, PLAIN, parseOrRefuse, publicKeys, texts } from '../arbitraries.ts';

const networks = fc.tuple(ipAddresses, fc.nat(32)).map(([address, bits]) => `${address}/${bits}`);
const peers: fc.Arbitrary<Peer> = fc.record(
  {
    key: publicKeys,
    endpoint: fc.option(ipAddresses, { nil: undefined }),
    allowedIps: fc.array(networks, { maxLength: 3 }),
    lastHandshake: fc.oneof(fc.constant('never' as const), fc.integer({ min: 1, max: 4_000_000_000 })),
    received: fc.nat(1e15 - 1),
    sent: fc.nat(1e15 - 1),
    hasPresharedKey: fc.boolean(),
    hasKeepalive: fc.boolean(),
  },
  PLAIN,
);
const readings: fc.Arbitrary<WireguardReading> = fc.record(
  {
    ownKey: fc.option(publicKeys, { nil: undefined }),
    port: fc.nat(65_535),
    peers: fc.array(peers, { maxLength: 5 }),
  },
  PLAIN,
);

test('the dump of any peers is read back', () => {
  fc.assert(fc.property(readings, (reading) => assert.deepEqual(parseDump(formatDump(reading)), reading)));
});

test('any other text is refused, and nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.oneof(texts, damaged(readings.map(formatDump))), (text) => {
      parseOrRefuse(() => parseDump(text));
    }),
    { numRuns: 300 },
  );
});

test('a peer as wg 1.0.20210914 prints it is read', () => {
  const endpoint = '[fe80::1%eth0]:51820';
  const row = [KEYS[0], '(none)', endpoint, 'fe80::1/128,10.0.0.0/8', '1700000000', '1', '2', 'off'].join('\t');
  assert.deepEqual(parseDump(`(none)\t(none)\t51820\toff\n${row}\n`), {
    ownKey: undefined,
    port: 51_820,
    peers: [
      {
        key: KEYS[0],
        endpoint: parseIpAddress('fe80::1'),
        allowedIps: ['fe80::1/128', '10.0.0.0/8'],
        lastHandshake: 1_700_000_000,
        received: 1,
        sent: 2,
        hasPresharedKey: false,
        hasKeepalive: false,
      },
    ],
  });
});

test('private and preshared keys are not kept', () => {
  const [privateKey, presharedKey] = [KEYS[2], KEYS[3]];
  const row = [KEYS[0], presharedKey, '(none)', '(none)', '0', '0', '0', 'off'].join('\t');
  const kept = JSON.stringify(parseDump(`${privateKey}\t${KEYS[1]}\t51820\toff\n${row}\n`));
  assert.ok(kept.includes(KEYS[0]) && kept.includes(KEYS[1]));
  assert.ok(!kept.includes(privateKey) && !kept.includes(presharedKey));
});

test('traffic is read up to the highest count of the kernel', () => {
  const row = [KEYS[0], '(none)', '(none)', '(none)', '0', '18446744073709551615', '1000000000000000', 'off'].join(
    '\t',
  );
  const [peer] = parseDump(`(none)\t${KEYS[1]}\t51820\toff\n${row}\n`).peers;
  assert.deepEqual([peer?.received, peer?.sent], [2 ** 64, 1e15]);
});

const HEAD = `(none)\t${KEYS[1]}\t51820\toff`;
const REFUSED = [
  ['nothing', ''],
  ['an interface with one field missing', `(none)\t${KEYS[1]}\t51820`],
  ['a peer with an extra field', `${HEAD}\n${KEYS[0]}\t(none)\t(none)\t(none)\t0\t0\t0\toff\toff`],
  ['a peer with an invalid key', `${HEAD}\nx\t(none)\t(none)\t(none)\t0\t0\t0\toff`],
  ['a handshake in words', `${HEAD}\n${KEYS[0]}\t(none)\t(none)\t(none)\tnever\t0\t0\toff`],
  ['traffic in words', `${HEAD}\n${KEYS[0]}\t(none)\t(none)\t(none)\t0\tmuch\t0\toff`],
  ['a handshake before 1970', `${HEAD}\n${KEYS[0]}\t(none)\t(none)\t(none)\t-1\t0\t0\toff`],
] as const;
for (const [name, text] of REFUSED) {
  test(`${name} is refused`, () => {
    assert.throws(() => parseDump(text), { name: 'InputError' });
  });
}

test('an endpoint that cannot be read counts as none, because a peer chooses its own', () => {
  const { peers } = parseDump(`${HEAD}\n${KEYS[0]}\t(none)\texample.org:1\t(none)\t0\t0\t0\toff`);
  assert.deepEqual(
    peers.map(({ endpoint }) => endpoint),
    [undefined],
  );
});

test('a reader reads every dump as if it were the first one', () => {
  const others = fc.array(readings, { minLength: 1, maxLength: 4 });
  const again = others.map((some) => [...some, ...some].map(formatDump));
  fc.assert(
    fc.property(fc.oneof(again, fc.array(damaged(readings.map(formatDump)), { maxLength: 4 })), (texts) => {
      const reader = new DumpReader();
      for (const text of texts) {
        const alone = parseOrRefuse(() => parseDump(text));
        assert.deepEqual(
          parseOrRefuse(() => reader.read(text)),
          alone,
        );
      }
    }),
  );
});

test('a reader parses a peer again only if its line has changed, and forgets a peer that is gone', () => {
  const reader = new DumpReader();
  const rowOf = (key: string, received: number) =>
    [key, ...Array(3).fill('(none)'), '0', received, '0', 'off'].join('\t');
  const read = (...rows: string[]) => reader.read([HEAD, ...rows].join('\n')).peers;
  const [first, second] = read(rowOf(KEYS[0], 1), rowOf(KEYS[1], 1));
  const [sent, same] = read(rowOf(KEYS[0], 2), rowOf(KEYS[1], 1));
  assert.deepEqual([first?.received, sent?.received], [1, 2]);
  assert.equal(same, second);
  read(rowOf(KEYS[0], 2));
  const [, back] = read(rowOf(KEYS[0], 2), rowOf(KEYS[1], 1));
  assert.deepEqual(back, second);
  assert.notEqual(back, second, 'a peer that is gone takes no memory');
});

/** As wg(8) describes it. */
function formatDump({
  ownKey = '(none)',
  port = 51_820,
  peers: rows,
}: {
  ownKey?: string | undefined;
  port?: number;
  peers: readonly Peer[];
}): string {
  const head = ['(none)', ownKey, port, 'off'].join('\t');
  const lines = rows.map(({ key, endpoint, allowedIps, lastHandshake, received, sent, ...marks }) => {
    const host = endpoint !== undefined && isIpv4(endpoint) ? endpoint : `[${endpoint}]`;
    const where = endpoint === undefined ? '(none)' : `${host}:51820`;
    const time = lastHandshake === 'never' ? '0' : String(lastHandshake);
    const [presharedKey, keepalive] = [marks.hasPresharedKey ? KEYS[3] : '(none)', marks.hasKeepalive ? '25' : 'off'];
    return [key, presharedKey, where, allowedIps.join(',') || '(none)', time, received, sent, keepalive].join('\t');
  });
  return [head, ...lines].map((line) => `${line}\n`).join('');
}
