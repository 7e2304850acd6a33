import fc from 'fast-check';
import { ROUTERS_KEYS } from '../keys.ts';
import { mutated } from './bytes.ts';
import { textsLike } from './texts.ts';
import { badKeys } from './words.ts';

/** What a stranger may send to a client, and what its two halves say to one another. */
export interface ClientText {
  readonly what: 'tunnel' | 'reply' | 'begin' | 'request' | 'answer';
  readonly text: string;
}

const KEY = ROUTERS_KEYS[0];
const PROOF = 'gZB8XqQenPcPoc5qOxWi5JZIpzMmMsRVd0FY4EJBPSU';
const CONFIG = 'IyBFbmRzOiBuZXZlcgo=';
const LOOK =
  '{"isUp":true,"gateway":"gw1:10012","via":"udp","handshake":1,"received":2,"sent":3,"addresses":["10.66.0.5"]}';
const CORPUS: Readonly<Record<Exclude<ClientText['what'], 'tunnel'>, readonly string[]>> = {
  reply: [`OK\n${CONFIG}\n${PROOF}\n`, 'OK\n', 'ERR: FULL\n', 'ERR: INVALID_TOKEN\n', 'HTTP/1.1 200 OK\r\n\r\n'],
  begin: ['{"type":"begin","name":"members"}', '{"type":"begin","name":"status"}'],
  request: [
    '{"type":"ticket","id":1}',
    '{"type":"down","id":2}',
    `{"type":"up","id":3,"gateway":"gw1:10012","config":"${CONFIG}","proof":"${PROOF}","endpoint":{"address":"::1","port":1},"via":"tcp"}`,
  ],
  answer: [
    '{"type":"ready"}',
    `{"type":"ticket","id":1,"ticket":{"key":"${KEY}","line":"k7f2mqxa.AAAAAAAA.${PROOF}"}}`,
    `{"type":"up","id":2,"look":${LOOK}}`,
    '{"type":"look","id":3,"refused":"no"}',
  ],
};

const ADDRESSES = [
  ...['10.66.0.5', 'fd66::5', '0.0.0.0', '::', '255.255.255.255', '127.0.0.1', '::1', 'fe80::1', '010.0.0.1', '10.0.1'],
  ...[
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    'fe80::1%eth0',
    '2001:DB8:0:0:1:0:0:1',
    '2001:db8::1:1:1:1:1',
    '1:2:3:4:5:6:7::',
  ],
  ...['0:0:1:2:3:4:5:6', '64:ff9b::10.0.0.1', '::a.b', '1::2::3', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ''],
];
const LENGTHS = ['/32', '/128', '/0', '/24', '/112', '/33', '/129', '/032', '/', '', '/1', '/63', '/-1', '/3.2'];
const HOSTS = ['vpn.example.org', 'gw1', '127.1', '0x7f.1', '1a', 'a-', '-a', 'a..b', 'a.', 'a_b', 'x'.repeat(64), 'ü'];
const LINES = [
  'PostUp = id',
  'Table = off',
  '[Peer]',
  '[Interface]',
  '',
  '#',
  ' ',
  `PrivateKey = ${KEY}`,
  'MTU = 1420',
];

const addresses = fc.oneof(fc.constantFrom(...ADDRESSES), fc.ipV4(), fc.ipV6());
const networks = fc.oneof(
  fc.tuple(addresses, fc.constantFrom(...LENGTHS)).map((parts) => parts.join('')),
  fc.tuple(fc.ipV6(), fc.nat(130)).map((parts) => parts.join('/')),
  fc.tuple(fc.ipV4(), fc.nat(33)).map((parts) => parts.join('/')),
);
const endpoints = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...HOSTS),
      addresses,
      addresses.map((one) => `[${one}]`),
    ),
    fc.oneof(fc.nat(70_000).map(String), fc.constantFrom('051820', '', '1e3', '51820')),
  )
  .map((parts) => parts.join(':'));
const ends = fc.oneof(
  fc.constantFrom(
    'never',
    '2027-02-29T00:00:00Z',
    '2028-02-29T23:59:59Z',
    '9999-12-31T23:59:60Z',
    '1969-12-31T23:59:59Z',
  ),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString().replace(/\.\d+Z/, 'Z')),
);
const sizes = fc.oneof(
  fc.nat(70_000).map(String),
  fc.constantFrom('576', '575', '1280', '1279', '9000', '9001', '01420'),
);

/** Mostly the first one, so that not all tunnels are refused. */
const usually = (right: string, others: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: others });
const listOf = (values: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(values, { maxLength }).map((some) => some.join(', '));

const tunnels = fc
  .tuple(
    usually(
      '# Ends: never',
      ends.map((end) => `# Ends: ${end}`),
    ),
    usually(
      '',
      endpoints.map((relay) => `# Relay: ${relay}`),
    ),
    usually(
      'Address = 10.66.0.5/32, fd66::5/128',
      listOf(networks, 3).map((own) => `Address = ${own}`),
    ),
    usually(
      '',
      listOf(addresses, 5).map((dns) => `DNS = ${dns}`),
    ),
    usually(
      'MTU = 1420',
      sizes.map((mtu) => `MTU = ${mtu}`),
    ),
    usually(
      `PublicKey = ${KEY}`,
      badKeys.map((key) => `PublicKey = ${key}`),
    ),
    usually(
      'AllowedIPs = 10.66.0.0/24',
      listOf(networks, 70).map((routes) => `AllowedIPs = ${routes}`),
    ),
    usually(
      'Endpoint = vpn.example.org:51820',
      endpoints.map((endpoint) => `Endpoint = ${endpoint}`),
    ),
    usually('', fc.constantFrom(...LINES)),
    fc.nat(11),
  )
  .map(([end, relay, own, dns, mtu, key, routes, endpoint, more, at]) => {
    const head = [
      end,
      relay,
      '[Interface]',
      own,
      dns,
      mtu,
      '[Peer]',
      key,
      routes,
      endpoint,
      'PersistentKeepalive = 25',
    ];
    const lines = head.filter((line) => line !== '');
    if (more !== '') lines.splice(at % (lines.length + 1), 0, more);
    return lines.map((line) => `${line}\n`).join('');
  });

export const clientTexts: fc.Arbitrary<ClientText> = fc.oneof(
  { weight: 6, arbitrary: toTexts('tunnel', tunnels) },
  { weight: 3, arbitrary: toTexts('tunnel', mutated(tunnels)) },
  ...(['reply', 'begin', 'request', 'answer'] as const).map((what) => ({
    weight: 2,
    arbitrary: toTexts(what, fc.oneof(textsLike(CORPUS[what]), fc.constantFrom(...CORPUS[what]))),
  })),
);

function toTexts(what: ClientText['what'], all: fc.Arbitrary<string>): fc.Arbitrary<ClientText> {
  return all.map((text) => ({ what, text }));
}
