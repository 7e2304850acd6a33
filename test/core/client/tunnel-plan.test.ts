import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseInstanceName, TRAFFIC } from '../../../src/core/client/instance.ts';
import { FAMILIES, type Family } from '../../../src/core/client/networks.ts';
import {
  ALL_TABLE,
  buildPeerWords,
  buildPlan,
  MAIN_TABLE,
  type Means,
  type Tunnel,
} from '../../../src/core/client/tunnel-plan.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { ipAddresses, KEYS } from '../arbitraries.ts';

const [FORMER, OTHER, , GATEWAY] = KEYS;
const TUNNEL: Tunnel = {
  name: parseInstanceName('members'),
  settings: {
    addresses: { address4: parseIpAddress('10.66.0.5'), address6: parseIpAddress('fd66::5') },
    publicKey: GATEWAY,
    endpoint: 'vpn.example.org:51820',
    allowedIps: ['10.66.0.9/24', 'fd66::/112'],
    dns: ['10.66.0.1'],
    mtu: 1420,
    expires: undefined,
    relay: undefined,
  },
  endpoint: { address: parseIpAddress('2001:db8::7'), port: 51_820 },
  privateKey: 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=',
  traffic: 'routes',
};
const MEANS: Means = { families: FAMILIES, carried: FAMILIES, table: MAIN_TABLE, uid: 990 };
const EVERYTHING = ['0.0.0.0/0', '::/0'];
const ALL: Tunnel = { ...TUNNEL, traffic: 'all', settings: { ...TUNNEL.settings, allowedIps: EVERYTHING } };
const ALL_MEANS = { ...MEANS, table: ALL_TABLE };
const BACKSTOP = {
  IPv4: 'unreachable 0.0.0.0/0 table 30567 proto 119 metric 4096',
  IPv6: 'unreachable ::/0 table 30567 proto 119 metric 4096',
};

describe('the plan of a tunnel', () => {
  test('for routes has routes in the main table and no rule', () => {
    assert.deepEqual(buildPlan(TUNNEL, MEANS), {
      addresses: ['10.66.0.5/32', 'fd66::5/128'],
      routes: [
        '10.66.0.0/24 dev wg-members table 254 proto 119 metric 1024',
        'fd66::/112 dev wg-members table 254 proto 119 metric 1024',
      ],
      rules: { IPv4: [], IPv6: [] },
    });
  });

  test('for all traffic catches it last, and has backstops', () => {
    assert.deepEqual(buildPlan(ALL, ALL_MEANS), {
      addresses: ['10.66.0.5/32', 'fd66::5/128'],
      routes: [
        BACKSTOP.IPv4,
        BACKSTOP.IPv6,
        '0.0.0.0/0 dev wg-members table 30567 proto 119 metric 1024',
        '::/0 dev wg-members table 30567 proto 119 metric 1024',
      ],
      rules: { IPv4: buildCatch(7), IPv6: buildCatch(6) },
    });
  });

  test('for all traffic blocks IPv6 where the tunnel does not carry it, and lets WireGuard drop IPv4', () => {
    const of6 = buildPlan(ALL, { ...ALL_MEANS, carried: ['IPv6'] });
    assert.deepEqual(of6.routes.slice(2), [
      '0.0.0.0/0 dev wg-members table 30567 proto 119 metric 1024',
      '::/0 dev wg-members table 30567 proto 119 metric 1024',
    ]);
    const of4 = buildPlan(ALL, { ...ALL_MEANS, carried: ['IPv4'] });
    assert.deepEqual(of4.routes.slice(2), ['0.0.0.0/0 dev wg-members table 30567 proto 119 metric 1024']);
    for (const { rules, routes } of [of4, of6]) {
      assert.deepEqual(rules, { IPv4: buildCatch(7), IPv6: buildCatch(6) });
      assert.deepEqual(routes.slice(0, 2), [BACKSTOP.IPv4, BACKSTOP.IPv6]);
    }
  });

  test('for programs that bind to its address has a rule for each address', () => {
    const plan = buildPlan({ ...ALL, traffic: 'proxy' }, { ...MEANS, table: 30_570, carried: ['IPv4'] });
    assert.deepEqual(plan, {
      addresses: ['10.66.0.5/32'],
      routes: [
        'unreachable 0.0.0.0/0 table 30570 proto 119 metric 4096',
        '0.0.0.0/0 dev wg-members table 30570 proto 119 metric 1024',
      ],
      rules: {
        IPv4: [
          'pref 30560 oif wg-members lookup 30570 protocol 119',
          'pref 30561 from 10.66.0.5 lookup 30570 protocol 119',
        ],
        IPv6: [],
      },
    });
  });

  test('has nothing of IPv6 for a kernel without it', () => {
    const only4: Family[] = ['IPv4'];
    for (const traffic of TRAFFIC) {
      const plan = buildPlan({ ...ALL, traffic }, { ...ALL_MEANS, families: only4, carried: only4 });
      assert.doesNotMatch(JSON.stringify({ ...plan, rules: [plan.rules.IPv4, ...plan.rules.IPv6] }), /::|IPv6/);
    }
  });

  test('for all traffic lets no family go, whatever the settings are', () => {
    const networks = fc.array(fc.oneof(ipAddresses, fc.constantFrom(...EVERYTHING)));
    const families = fc.subarray([...FAMILIES], { minLength: 1 });
    fc.assert(
      fc.property(networks, families, (allowedIps, carried) => {
        const tunnel = { ...ALL, settings: { ...ALL.settings, allowedIps } };
        const { rules, routes } = buildPlan(tunnel, { ...ALL_MEANS, carried });
        for (const family of FAMILIES) {
          assert.deepEqual(rules[family].slice(-2), buildCatch(0).slice(-2));
          assert.ok(routes.slice(0, 2).includes(BACKSTOP[family]));
        }
        assert.ok(routes.every((route) => route.includes(' table 30567 ')));
      }),
    );
  });
});

describe('the words of wg', () => {
  const words = buildPeerWords(TUNNEL, FAMILIES, [FORMER, GATEWAY, OTHER]).join(' ');

  test('make the gateway the only peer in one call, and a new one if it is a peer already', () => {
    const head = 'set wg-members private-key /dev/stdin fwmark 0x7767';
    const peer = `peer ${GATEWAY} endpoint [2001:db8::7]:51820 persistent-keepalive 25 allowed-ips 10.66.0.0/24,fd66::/112`;
    const removals = [FORMER, GATEWAY, OTHER].map((key) => `peer ${key} remove`).join(' ');
    assert.equal(words, `${head} ${removals} ${peer}`);
  });

  test('have no private key', () => {
    assert.ok(!words.includes(TUNNEL.privateKey));
  });

  test('name only the networks of a family that the tunnel carries', () => {
    assert.equal(buildPeerWords(TUNNEL, ['IPv6'], []).at(-1), 'fd66::/112');
  });
});

/** What `ip rule` prints of it, by priority. */
function buildCatch(widest: number): string[] {
  return [
    'pref 30560 oif wg-members lookup 30567 protocol 119',
    'pref 30562 fwmark 0x7767 lookup 254 protocol 119',
    'pref 30563 ipproto 17 dport 53 lookup 30567 protocol 119',
    'pref 30563 ipproto 6 dport 53 lookup 30567 protocol 119',
    'pref 30564 uidrange 990-990 lookup 254 protocol 119',
    `pref 30565 lookup 254 suppress_prefixlength ${widest} protocol 119`,
    'pref 30566 not fwmark 0x7767 lookup 30567 protocol 119',
    'pref 30567 not fwmark 0x7767 unreachable protocol 119',
  ];
}
