import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatTunnelFile, parseTunnelFile } from '../../../../src/core/client/configuration/tunnel-file.ts';
import { buildTunnelConfig } from '../../../../src/core/leases/tunnel-config.ts';
import { damaged, KEYS, parseOrRefuse, texts } from '../../arbitraries.ts';
import { tunnels } from './tunnel-arbitraries.ts';

const KEY = KEYS[3];
const TEXT = `# Ends: 2027-01-31T22:59:59Z
# Relay: vpn.example.org:443
[Interface]
Address = 10.66.0.5/32, fd66::5/128
DNS = 10.66.0.1
MTU = 1420
[Peer]
PublicKey = ${KEY}
AllowedIPs = 10.66.0.0/24, fd66::/112
Endpoint = vpn.example.org:51820
PersistentKeepalive = 25
`;
const PARSED = parseTunnelFile(TEXT);
const NETWORK = 'a network such as "10.66.0.0/24" or "fd66::/112" after "AllowedIPs = "';
const OWN = 'one IPv4 address with /32, one IPv6 address with /128, or one of each, in this order after "Address = "';
const HOST = 'a host and a port such as "vpn.example.org:51820"';
const END = '"never" or a time such as "2027-01-31T22:59:59Z" after "# Ends: "';

/** The text with another line in place of `number`, which may be several lines or none. */
function withLine(number: number, ...lines: string[]): string {
  const all = TEXT.split('\n');
  all.splice(number - 1, 1, ...lines);
  return all.join('\n');
}

/** The text with a line and the one before it in the other order; counted from 0. */
function withSwapped(index: number): string {
  const [first = '', second = ''] = TEXT.split('\n').slice(index - 1, index + 1);
  return TEXT.replace(`${first}\n${second}\n`, `${second}\n${first}\n`);
}

function requireRefusal(text: string, message: string): void {
  assert.throws(() => parseTunnelFile(text), {
    name: 'InputError',
    message: `Cannot use the gateway's configuration: ${message}`,
  });
}

describe('the configuration that a client gets', () => {
  test('is what the gateway wrote', () => {
    fc.assert(
      fc.property(tunnels, (tunnel) => {
        const text = parseOrRefuse(() => buildTunnelConfig(tunnel));
        fc.pre(text !== undefined);
        assert.deepEqual(parseTunnelFile(text), tunnel);
      }),
    );
  });

  test('is read, or refused with one printable line that names the line and what was expected', () => {
    const right = tunnels.map((tunnel) => parseOrRefuse(() => buildTunnelConfig(tunnel)) ?? TEXT);
    fc.assert(
      fc.property(fc.oneof(texts, damaged(right), damaged(damaged(fc.constant(TEXT)))), (text) => {
        try {
          const parsed = parseTunnelFile(text);
          const again = parseOrRefuse(() => buildTunnelConfig(parsed));
          if (again !== undefined) assert.deepEqual(parseTunnelFile(again), parsed);
        } catch (error) {
          assert.equal((error as Error).name, 'InputError', `${error}`);
          assert.match((error as Error).message, /^Cannot use the gateway's configuration: [ -~…]+$/);
          assert.match((error as Error).message, /: (line [1-9]\d?: )?expected .+, found ./);
        }
      }),
      { numRuns: 1000 },
    );
  });

  for (const [name, number, line, settings] of [
    ['no end', 1, '# Ends: never', { expires: undefined }],
    ['the first second of 1970', 1, '# Ends: 1970-01-01T00:00:00Z', { expires: 0 }],
    ['a relay with an IPv6 address', 2, '# Relay: [2001:DB8::1]:443', { relay: '[2001:db8::1]:443' }],
    [
      'an IPv6 address in capitals',
      4,
      'Address = FD66:0::5/128',
      { addresses: { address4: undefined, address6: 'fd66::5' } },
    ],
    [
      'four name servers, one of them twice',
      5,
      'DNS = 10.66.0.1, FD66::1, 10.66.0.1, ::',
      { dns: ['10.66.0.1', 'fd66::1', '::'] },
    ],
    ['the smallest size for IPv6', 6, 'MTU = 1280', { mtu: 1280 }],
    ['the largest size', 6, 'MTU = 9000', { mtu: 9000 }],
    [
      'bits of a host',
      9,
      'AllowedIPs = 10.66.0.255/24, fd66::ffff:1/112',
      { allowedIps: ['10.66.0.0/24', 'fd66::ffff:0/112'] },
    ],
    ['the same network twice', 9, 'AllowedIPs = 10.66.0.1/24, 10.66.0.2/24', { allowedIps: ['10.66.0.0/24'] }],
    ['everything', 9, 'AllowedIPs = 255.255.255.255/0, ffff::/0', { allowedIps: ['0.0.0.0/0', '::/0'] }],
    [
      'a network with a lone zero',
      9,
      'AllowedIPs = 2001:db8::1:1:1:1:1/128',
      { allowedIps: ['2001:db8:0:1:1:1:1:1/128'] },
    ],
    ['an endpoint with an IPv4 address', 10, 'Endpoint = 192.0.2.1:1', { endpoint: '192.0.2.1:1' }],
    ['a name that ends with a digit', 10, 'Endpoint = gw1:65535', { endpoint: 'gw1:65535' }],
  ] as const)
    test(`may have ${name}`, () => {
      assert.deepEqual(parseTunnelFile(withLine(number, line)), { ...PARSED, ...settings });
    });

  test('may come without a relay and without name servers', () => {
    const text = TEXT.replace(/^(# Relay|DNS).*\n/gm, '');
    assert.deepEqual(parseTunnelFile(text), { ...PARSED, relay: undefined, dns: [] });
  });

  test('may have packets of 576 bytes where there is no IPv6 address', () => {
    const text = TEXT.replace(', fd66::5/128', '').replace('1420', '576');
    assert.equal(parseTunnelFile(text).mtu, 576);
    requireRefusal(
      text.replace('576', '575'),
      'line 6: expected a number from 576 to 9000 after "MTU = ", found "575"',
    );
  });

  test('may have 64 allowed IPs, but not 65', () => {
    const some = (count: number) => Array.from({ length: count }, (_, index) => `10.${index}.0.0/16`).join(', ');
    assert.equal(parseTunnelFile(withLine(9, `AllowedIPs = ${some(64)}`)).allowedIps.length, 64);
    requireRefusal(
      withLine(9, `AllowedIPs = ${some(65)}`),
      'line 9: expected at most 64 after "AllowedIPs = ", found 65',
    );
  });

  for (const line of [
    'PostUp = id',
    'PreUp = id',
    'PreDown = id',
    'PostDown = id',
    'Table = off',
    'SaveConfig = true',
    'ListenPort = 51820',
    'FwMark = 0x7767',
    `PrivateKey = ${KEY}`,
    '# PostUp = id',
    '',
    ' ',
  ])
    test(`may not have ${JSON.stringify(line)} in [Interface]`, () => {
      const found = JSON.stringify(line);
      requireRefusal(TEXT.replace('[Interface]\n', `$&${line}\n`), `line 4: expected "Address = ...", found ${found}`);
      requireRefusal(withLine(5, line), `line 5: expected "DNS = ..." or "MTU = ...", found ${found}`);
      requireRefusal(TEXT.replace('[Peer]\n', `${line}\n$&`), `line 7: expected "[Peer]", found ${found}`);
    });

  for (const line of [`PresharedKey = ${KEY}`, `PublicKey = ${KEY}`, '[Peer]', '[Interface]', 'PostUp = id', '', '#'])
    test(`may not have ${JSON.stringify(line)} in [Peer]`, () => {
      const found = JSON.stringify(line);
      requireRefusal(TEXT.replace('AllowedIPs', `${line}\n$&`), `line 9: expected "AllowedIPs = ...", found ${found}`);
      requireRefusal(`${TEXT}${line}\n`, `line 12: expected nothing more, found ${found}`);
    });

  test('may not have a line twice, nor lines in another order', () => {
    const all = TEXT.trimEnd().split('\n');
    for (const [index, line] of all.entries()) {
      assert.throws(() => parseTunnelFile(withLine(index + 1, line, line)), { name: 'InputError' }, line);
      if (index > 0) assert.throws(() => parseTunnelFile(withSwapped(index)), { name: 'InputError' }, line);
    }
  });

  test('may not lack a line, except for relay and name servers', () => {
    const needed = [1, 3, 4, 6, 7, 8, 9, 10, 11];
    for (const number of needed) assert.throws(() => parseTunnelFile(withLine(number)), { name: 'InputError' });
  });

  for (const [name, number, line, expected, found] of [
    ['a word in place of an end', 1, '# Ends: soon', END, 'soon'],
    ['an end in capitals', 1, '# Ends: NEVER', END, 'NEVER'],
    ['an end without a value', 1, '# Ends: ', END, ''],
    ['the 31st of February', 1, '# Ends: 2027-02-31T22:59:59Z', END, '2027-02-31T22:59:59Z'],
    ['the hour 24', 1, '# Ends: 2027-01-31T24:00:00Z', END, '2027-01-31T24:00:00Z'],
    ['a time with milliseconds', 1, '# Ends: 2027-01-31T22:59:59.000Z', END, '2027-01-31T22:59:59.000Z'],
    ['a time elsewhere', 1, '# Ends: 2027-01-31T22:59:59+01:00', END, '2027-01-31T22:59:59+01:00'],
    ['an end before 1970', 1, '# Ends: 1969-12-31T23:59:59Z', END, '1969-12-31T23:59:59Z'],
    ['a relay without a port', 2, '# Relay: vpn.example.org', `${HOST} after "# Relay: "`, 'vpn.example.org'],
    ['a relay with port 0', 2, '# Relay: vpn.example.org:0', `${HOST} after "# Relay: "`, 'vpn.example.org:0'],
    ['an address of a network', 4, 'Address = 10.66.0.5/24', OWN, '10.66.0.5/24'],
    ['an address with /0', 4, 'Address = 10.66.0.5/0', OWN, '10.66.0.5/0'],
    ['an IPv6 address with /64', 4, 'Address = fd66::5/64', OWN, 'fd66::5/64'],
    ['an IPv6 address with /32', 4, 'Address = fd66::5/32', OWN, 'fd66::5/32'],
    ['an address alone', 4, 'Address = 10.66.0.5', OWN, '10.66.0.5'],
    ['an empty list of addresses', 4, 'Address = ', OWN, ''],
    ['a comma at the end', 4, 'Address = 10.66.0.5/32, ', OWN, '10.66.0.5/32, '],
    ['two IPv4 addresses', 4, 'Address = 10.66.0.5/32, 10.66.0.6/32', OWN, '10.66.0.5/32, 10.66.0.6/32'],
    ['two IPv6 addresses', 4, 'Address = fd66::5/128, fd66::6/128', OWN, 'fd66::5/128, fd66::6/128'],
    ['three addresses', 4, 'Address = 10.66.0.5/32, fd66::5/128, ::1/128', OWN, '10.66.0.5/32, fd66::5/128, ::1/128'],
    ['IPv6 before IPv4', 4, 'Address = fd66::5/128, 10.66.0.5/32', OWN, 'fd66::5/128, 10.66.0.5/32'],
    ['an IPv4-mapped address', 4, 'Address = ::ffff:10.66.0.5/128', OWN, '::ffff:10.66.0.5/128'],
    ['an IPv4-mapped address in digits', 4, 'Address = ::ffff:a42:5/128', OWN, '::ffff:a42:5/128'],
    ['a zone', 4, 'Address = fe80::5%eth0/128', OWN, 'fe80::5%eth0/128'],
    ['leading zeros in an address', 4, 'Address = 010.66.0.5/32', OWN, '010.66.0.5/32'],
    ['leading zeros in a length', 4, 'Address = 10.66.0.5/032', OWN, '10.66.0.5/032'],
    ['an address of three numbers', 4, 'Address = 10.66.5/32', OWN, '10.66.5/32'],
    ['an address with 256', 4, 'Address = 10.66.0.256/32', OWN, '10.66.0.256/32'],
    ['a hexadecimal address', 4, 'Address = 0x0a.66.0.5/32', OWN, '0x0a.66.0.5/32'],
    ['a search domain', 5, 'DNS = 10.66.0.1, example.org', 'an IP address after "DNS = "', 'example.org'],
    ['a name server with a port', 5, 'DNS = 10.66.0.1:53', 'an IP address after "DNS = "', '10.66.0.1:53'],
    ['a name server with a zone', 5, 'DNS = fe80::1%eth0', 'an IP address after "DNS = "', 'fe80::1%eth0'],
    ['an empty list of name servers', 5, 'DNS = ', 'an IP address after "DNS = "', ''],
    ['33 bits', 9, 'AllowedIPs = 10.66.0.0/24, 10.0.0.0/33', NETWORK, '10.0.0.0/33'],
    ['129 bits', 9, 'AllowedIPs = fd66::/129', NETWORK, 'fd66::/129'],
    ['a network without a length', 9, 'AllowedIPs = 10.66.0.0', NETWORK, '10.66.0.0'],
    ['a mask in place of a length', 9, 'AllowedIPs = 10.66.0.0/255.255.255.0', NETWORK, '10.66.0.0/255.255.255.0'],
    ['a negative length', 9, 'AllowedIPs = 10.66.0.0/-1', NETWORK, '10.66.0.0/-1'],
    ['IPv4-mapped networks', 9, 'AllowedIPs = ::ffff:0:0/96', NETWORK, '::ffff:0:0/96'],
    ['a removed network', 9, 'AllowedIPs = -10.0.0.0/8', NETWORK, '-10.0.0.0/8'],
    ['a list without blanks', 9, 'AllowedIPs = 10.66.0.0/24,10.0.0.0/8', NETWORK, '10.66.0.0/24,10.0.0.0/8'],
    ['a comment after a value', 9, 'AllowedIPs = 10.66.0.0/24 # all', NETWORK, '10.66.0.0/24 # all'],
    ['an empty list of networks', 9, 'AllowedIPs = ', NETWORK, ''],
    ['a short key', 8, 'PublicKey = AAAA', 'a public key, 32 bytes in base64 after "PublicKey = "', 'AAAA'],
    ['other keepalives', 11, 'PersistentKeepalive = 1', '25 after "PersistentKeepalive = "', '1'],
    ['keepalives that are off', 11, 'PersistentKeepalive = off', '25 after "PersistentKeepalive = "', 'off'],
  ] as const)
    test(`may not have ${name}`, () => {
      requireRefusal(withLine(number, line), `line ${number}: expected ${expected}, found ${JSON.stringify(found)}`);
    });

  for (const endpoint of [
    'vpn.example.org',
    'vpn.example.org:',
    'vpn.example.org:0',
    'vpn.example.org:70000',
    'vpn.example.org:051820',
    'vpn.example.org:51820 ',
    'vpn_1.example.org:51820',
    '-vpn.example.org:51820',
    'vpn.example.org.:51820',
    ':51820',
    '127.1:51820',
    '2130706433:51820',
    '0x7f.0.0.1:51820',
    '192.0.2.01:51820',
    '192.0.2.256:51820',
    '2001:db8::1:51820',
    '[2001:db8::1]',
    '[192.0.2.1]:51820',
    '[::ffff:192.0.2.1]:51820',
    '[fe80::1%eth0]:51820',
    '[]:51820',
    'user@vpn.example.org:51820',
    'vpn.example.org:51820/x',
  ])
    test(`may not have the endpoint ${JSON.stringify(endpoint)}`, () => {
      const expected = `line 10: expected ${HOST} after "Endpoint = ", found ${JSON.stringify(endpoint)}`;
      requireRefusal(withLine(10, `Endpoint = ${endpoint}`), expected);
    });

  for (const mtu of ['0', '68', '1279', '9001', '65536', '01420', '1420.0', '1e3', '-1', '+1420', '0x58c', '', '1420 '])
    test(`may not have ${JSON.stringify(mtu)} as MTU`, () => {
      const expected = 'a number from 1280 (for IPv6) to 9000 after "MTU = "';
      requireRefusal(withLine(6, `MTU = ${mtu}`), `line 6: expected ${expected}, found ${JSON.stringify(mtu)}`);
    });

  test('may not have five name servers', () => {
    requireRefusal(withLine(5, `DNS = ${'::1, '.repeat(4)}::1`), 'line 5: expected at most 4 after "DNS = ", found 5');
  });

  for (const [name, text, message] of [
    ['a carriage return', TEXT.replace('\n', '\r\n'), `line 1: expected ${END}, found "2027-01-31T22:59:59Z\\r"`],
    [
      'carriage returns alone',
      TEXT.replaceAll('\n', '\r'),
      'line 1: expected a line feed at its end, found "# Ends: 2027',
    ],
    ['NUL', TEXT.replace('[Peer]', '[Peer]\0'), 'line 7: expected "[Peer]", found "[Peer]\\u0000"'],
    [
      'a letter of another script',
      TEXT.replace('Peer', 'P\u0435er'),
      'line 7: expected "[Peer]", found "[P\\u0435er]"',
    ],
    [
      'another line separator',
      TEXT.replace('Z\n', 'Z\u2028\n'),
      `line 1: expected ${END}, found "2027-01-31T22:59:59Z\\u2028"`,
    ],
    ['digits of another script', TEXT.replace('1420', '\u0661\u0664\u0662\u0660'), 'line 6: expected a number'],
    ['a byte order mark', `\ufeff${TEXT}`, 'line 1: expected "# Ends: ...", found "\\ufeff# Ends: 2027'],
    ['blanks in front', TEXT.replace('MTU', ' MTU'), 'line 6: expected "MTU = ...", found " MTU = 1420"'],
    ['no blanks around =', TEXT.replace('MTU = ', 'MTU='), 'line 6: expected "MTU = ...", found "MTU=1420"'],
    ['small letters', TEXT.replace('MTU', 'mtu'), 'line 6: expected "MTU = ...", found "mtu = 1420"'],
    ['nothing in it', '', 'line 1: expected a line feed at its end, found ""'],
    ['an empty line alone', '\n', 'line 1: expected "# Ends: ...", found ""'],
    [
      'no line feed at its end',
      TEXT.trimEnd(),
      'line 11: expected a line feed at its end, found "PersistentKeepalive = 25"',
    ],
    ['an end before [Peer]', TEXT.slice(0, TEXT.indexOf('[Peer]')), 'line 7: expected "[Peer]", found the end'],
    ['1,501 characters', 'x'.repeat(1501), 'expected at most 1500 characters, found 1501'],
    ['millions of line feeds', '\n'.repeat(5_000_000), 'expected at most 1500 characters, found 5000000'],
    ['very long lines', `${'x'.repeat(1400)}\n`, `line 1: expected "# Ends: ...", found "${'x'.repeat(64)}"…`],
  ] as const)
    test(`may not have ${name}`, () => {
      assert.throws(
        () => parseTunnelFile(text),
        (error: Error) => {
          assert.equal(error.name, 'InputError');
          assert.ok(error.message.startsWith(`Cannot use the gateway's configuration: ${message}`), error.message);
          return true;
        },
      );
    });
});

describe('the file for the official apps', () => {
  const privateKey = Buffer.alloc(32, 7).toString('base64');

  test('is the configuration with the private key', () => {
    const expected = TEXT.replace('[Interface]\n', `[Interface]\nPrivateKey = ${privateKey}\n`);
    assert.equal(formatTunnelFile(PARSED, privateKey), expected);
  });

  test('is made of every configuration that a client accepts', () => {
    fc.assert(
      fc.property(tunnels, (tunnel) => {
        const text = formatTunnelFile(tunnel, privateKey).replace(/^PrivateKey.*\n/m, '');
        if (text.length <= 1500) assert.deepEqual(parseTunnelFile(text), tunnel);
      }),
    );
  });

  for (const bad of ['', 'x', privateKey.slice(1), `${privateKey}\nPostUp = id`, privateKey.replace('=', '')])
    test(`is refused with ${JSON.stringify(bad)} as the key, which is not shown`, () => {
      assert.throws(() => formatTunnelFile(PARSED, bad), {
        name: 'InputError',
        message: 'Cannot use the private key: expected 32 bytes in base64',
      });
    });
});
