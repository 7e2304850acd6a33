import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { buildTunnelConfig, CONFIG_LINE_BYTES, type TunnelSettings } from '../../../src/core/leases/tunnel-config.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { KEYS, parseOrRefuse, texts } from '../arbitraries.ts';
import vectors from './vectors.json' with { type: 'json' };

const [, , , GATEWAY] = KEYS;
const FULL: TunnelSettings = {
  addresses: { address4: parseIpAddress('10.66.0.5'), address6: parseIpAddress('fd66::5') },
  publicKey: GATEWAY,
  endpoint: 'vpn.example.org:51820',
  allowedIps: ['10.66.0.0/24', 'fd66::/112'],
  dns: ['10.66.0.1'],
  mtu: 1420,
  expires: Date.UTC(2027, 0, 31, 22, 59, 59) / 1000,
  relay: 'vpn.example.org:443',
};
const TEXT = `# Ends: 2027-01-31T22:59:59Z
# Relay: vpn.example.org:443
[Interface]
Address = 10.66.0.5/32, fd66::5/128
DNS = 10.66.0.1
MTU = 1420
[Peer]
PublicKey = N9uF5Gg1B5AqWrE9IuvDgzmQePhqhb8Em/HrRpAdnlY=
AllowedIPs = 10.66.0.0/24, fd66::/112
Endpoint = vpn.example.org:51820
PersistentKeepalive = 25
`;

describe('the configuration of a client', () => {
  test('is a file of wg-quick with everything but the private key', () => {
    assert.equal(buildTunnelConfig(FULL), TEXT);
  });

  test('is the line of the first vector', () => {
    assert.equal(Buffer.from(buildTunnelConfig(FULL)).toString('base64'), vectors[0]?.line);
  });

  const [address4, address6] = [FULL.addresses.address4, FULL.addresses.address6];
  for (const [name, settings, line, expected] of [
    ['a lease without an end', { expires: undefined }, /^# Ends.*/m, '# Ends: never'],
    ['an end within a second', { expires: 1_800_000_000.75 }, /^# Ends.*/m, '# Ends: 2027-01-15T08:00:00Z'],
    ['no relay', { relay: undefined }, /^# Relay.*/m, undefined],
    ['an IPv4 address alone', { addresses: { address4, address6: undefined } }, /^Addr.*/m, 'Address = 10.66.0.5/32'],
    ['an IPv6 address alone', { addresses: { address4: undefined, address6 } }, /^Addr.*/m, 'Address = fd66::5/128'],
    ['no name servers', { dns: [] }, /^DNS.*/m, undefined],
    ['two name servers', { dns: ['10.66.0.1', 'fd66::1'] }, /^DNS.*/m, 'DNS = 10.66.0.1, fd66::1'],
    ['an IPv6 endpoint', { endpoint: '[2001:db8::1]:51820' }, /^Endpoint.*/m, 'Endpoint = [2001:db8::1]:51820'],
  ] as const)
    test(`has the right line for ${name}`, () => {
      assert.equal(line.exec(buildTunnelConfig({ ...FULL, ...settings }))?.[0], expected);
    });

  for (const bad of [
    '',
    ' ',
    'vpn\nPostUp = id',
    'vpn\r',
    'vpn\0',
    'vpn example',
    'vpn#1',
    '[Peer]\u2028',
    'vpn\u00e9',
  ])
    test(`is refused with ${JSON.stringify(bad)} as a value`, () => {
      const message = `Cannot send ${JSON.stringify(bad).replace('\u2028', '\\u2028').replace('\u00e9', '\\u00e9')} to a client: expected one word without "#"`;
      for (const settings of [{ endpoint: bad }, { relay: bad }, { dns: ['10.66.0.1', bad] }, { allowedIps: [bad] }])
        assert.throws(() => buildTunnelConfig({ ...FULL, ...settings }), { name: 'InputError', message });
    });

  test('is refused if its line would have more than 2,000 bytes', () => {
    const room = (CONFIG_LINE_BYTES / 4) * 3 - TEXT.length;
    const longest = buildTunnelConfig({ ...FULL, endpoint: `${'x'.repeat(room)}${FULL.endpoint}` });
    assert.equal(Buffer.from(longest).toString('base64').length, 2000);
    assert.throws(() => buildTunnelConfig({ ...FULL, endpoint: `${'x'.repeat(room + 1)}${FULL.endpoint}` }), {
      name: 'InputError',
      message: 'Cannot send a configuration to a client: it has 2004 bytes in base64, expected at most 2000',
    });
  });

  test('has one line for each setting, whatever the values are, or is refused', () => {
    const values = fc.oneof(texts, fc.constantFrom('10.66.0.1', 'a\nb', 'vpn.example.org:1'));
    const some = fc.array(values, { maxLength: 3 });
    fc.assert(
      fc.property(values, values, some, some, (endpoint, relay, dns, allowedIps) => {
        const text = parseOrRefuse(() => buildTunnelConfig({ ...FULL, endpoint, relay, dns, allowedIps }));
        if (text === undefined) return;
        const names = text.split('\n').map((line) => /^(# \w+(?=:)|\[\w+\]|\w+(?= = )|$)/.exec(line)?.[0]);
        assert.deepEqual(names, [
          ...['# Ends', '# Relay', '[Interface]', 'Address', ...(dns.length > 0 ? ['DNS'] : []), 'MTU'],
          ...['[Peer]', 'PublicKey', ...(allowedIps.length > 0 ? ['AllowedIPs'] : [])],
          ...['Endpoint', 'PersistentKeepalive', ''],
        ]);
      }),
    );
  });
});
