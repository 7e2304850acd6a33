import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeFirewall, judgeSwitches } from '../../../src/cli/check/leases/forwarding.ts';
import { judgePoolOwnership } from '../../../src/cli/check/ownership.ts';
import { judgeTunnel, type Tunnel } from '../../../src/cli/check/tunnel.ts';
import type { Concern } from '../../../src/cli/gateway/concern.ts';
import { HarmlessRemedy } from '../../../src/cli/gateway/harmless.ts';
import { countLeases, describeCounts } from '../../../src/cli/members/counts.ts';
import { findHomeless, findMemberFaults, findPoolFaults, findTableFault } from '../../../src/cli/members/findings.ts';
import { describeMail, findMailFaults } from '../../../src/cli/members/mail.ts';
import { type DomainConfig, parseConfig } from '../../../src/config/config.ts';
import type { Lease } from '../../../src/core/leases/lease.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { parseDomainName } from '../../../src/core/values/names.ts';
import { LeaseTableError } from '../../../src/system/leases/table-error.ts';
import { KEYS } from '../../core/arbitraries.ts';

process.env['TZ'] = 'UTC';

const NOW = 1_800_000_000;
const DAY = 86_400;
const NAME = parseDomainName('members');
const CONFIG = parseConfig(
  `[domains.members]
   wireguard = "wg-members"
   pool = ["10.66.0.0/28", "fd66::/112"]
   endpoint = "vpn.example.org:51820"
   allowed_ips = ["10.66.0.0/28", "10.66.0.1/32", "fd66::/112"]
   [domains.ffww01]
   wireguard = "wgww01"
   vxlan = "vxww01"`,
  'leases.toml',
);
const DOMAIN = CONFIG.domains.get('members') as DomainConfig;
const [KEY] = KEYS;

function lease(number: number, given: Partial<Lease> = {}): Lease {
  const nothing = { expires: undefined, ended: undefined, key: undefined, address4: undefined, address6: undefined };
  return { id: `lease${number}`, domain: NAME, usedKeys: [], ...nothing, ...given } as unknown as Lease;
}

function bound(host: number, given: Partial<Lease> = {}): Lease {
  return lease(host, { key: KEY, address4: parseIpAddress(`10.66.0.${host}`), ...given });
}

const codesOf = (concerns: readonly Concern[]) => concerns.map(({ code }) => code);

describe('letters that wait', () => {
  const HOUR = 3600;
  const reason = undefined;
  const since = (seconds: number, count = 3) => ({ count, oldest: NOW - seconds, reason });

  for (const [waiting, expected] of [
    [{ count: 0, oldest: undefined, reason }, 'no letter waits'],
    [since(90, 1), '1 letter has waited for 1 min'],
    [since(2 * HOUR), '3 letters wait, the oldest for 2 h'],
    [since(-HOUR), '3 letters wait, the oldest for 0 s'],
  ] as const)
    test(`are a sentence: ${expected}`, () =>
      assert.equal(describeMail(waiting, NOW), `Mail to members: ${expected}.`));

  test('are a finding after an hour', () => {
    assert.deepEqual(findMailFaults({ count: 0, oldest: undefined, reason }, NOW), []);
    assert.deepEqual(findMailFaults(since(HOUR), NOW), []);
    const [found, ...others] = findMailFaults(since(HOUR + 1), NOW);
    assert.deepEqual([found?.code, found?.domain, others], ['mail-waiting', undefined, []]);
    assert.match(String(found?.remedy), /^systemctl enable --now wgkex-mail\.path/);
  });

  test('are one with the reason, if wgkex-mail gave one, and then without a remedy', () => {
    const [found] = findMailFaults({ ...since(2 * HOUR), reason: 'ECONNREFUSED' }, NOW);
    assert.equal(
      found?.problem,
      'mail to members: 3 letters wait, the oldest for 2 h: ECONNREFUSED; see journalctl -u wgkex-mail',
    );
    assert.equal(found?.remedy, undefined);
  });
});

describe('the counts of leases', () => {
  const leases = [
    bound(2, { expires: NOW + DAY }),
    bound(3, { expires: NOW }),
    lease(4, { expires: NOW + 2 * DAY }),
    bound(5, { ended: NOW - 1 }),
    bound(6, { domain: parseDomainName('others') }),
  ];

  test('are of those of the domain that have not ended', () => {
    assert.deepEqual(countLeases(leases, NAME, NOW), { bound: 2, unbound: 1, overdue: 1, nextEnd: NOW + DAY });
  });

  test('are one sentence', () => {
    assert.equal(
      describeCounts(NAME, countLeases(leases, NAME, NOW)),
      'Leases of members: 2 bound, 1 unbound, 1 overdue; the next end date is 2027-01-16 08:00:00.',
    );
    assert.equal(
      describeCounts(NAME, countLeases([], NAME, NOW)),
      'Leases of members: 0 bound, 0 unbound; no end date is ahead.',
    );
  });
});

describe('a pool', () => {
  test('is nearly full at nine tenths of its addresses, with the one of the gateway and those in quarantine', () => {
    const eleven = Array.from({ length: 11 }, (_, index) => bound(index + 2));
    assert.deepEqual(findPoolFaults(eleven, DOMAIN, NOW), []);
    const ended = [bound(13, { ended: NOW - 6 * DAY }), bound(14, { ended: NOW - 8 * DAY })];
    const [found] = findPoolFaults([...eleven, ...ended], DOMAIN, NOW);
    assert.equal(
      found?.problem,
      '13 of the 14 addresses of the pool are taken, 1 of them in quarantine: make it larger',
    );
  });

  test('is reported if leases that last have addresses outside', () => {
    const outside = [20, 21, 22, 23].map((host) => bound(host));
    const [found] = findPoolFaults([...outside, bound(24, { ended: NOW - 8 * DAY })], DOMAIN, NOW);
    assert.equal(found?.code, 'leases-outside-pool');
    assert.match(
      found.problem,
      /^4 leases have addresses .*\(lease20, lease21, lease22 and 1 more, see wgkex lease list\)$/,
    );
  });
});

test('leases of a domain without a pool are reported, but not those that have ended', () => {
  const mesh = parseDomainName('ffww01');
  const found = findHomeless([bound(2), bound(3, { domain: mesh }), bound(4, { domain: mesh, ended: NOW })], CONFIG);
  assert.equal(found.length, 1);
  assert.match(found[0]?.problem ?? '', /^1 lease is for ffww01, which has no pool/);
});

test('a repair is harmless only while it removes no peer', () => {
  const [harmless] = findMemberFaults(NAME, { unserved: [bound(2)], leaseless: [] });
  assert.ok(harmless?.remedy instanceof HarmlessRemedy);
  const both = findMemberFaults(NAME, { unserved: [bound(2), bound(3)], leaseless: [KEY] });
  assert.deepEqual(codesOf(both), ['peers-missing', 'peers-without-lease']);
  assert.equal(both[0]?.remedy, String(harmless.remedy));
  assert.deepEqual(findMemberFaults(NAME, { unserved: [], leaseless: [] }), []);
});

test('a table that cannot be read has the remedy of its reason', () => {
  const missing = findTableFault(
    new LeaseTableError('Cannot read X: sqlite3 is missing', { remedy: 'apt-get install sqlite3' }),
  );
  assert.deepEqual(
    [missing.problem, missing.remedy],
    ['Cannot read X: sqlite3 is missing; members get FAILED, and nobody is removed', 'apt-get install sqlite3'],
  );
  const damaged = findTableFault(new LeaseTableError('Cannot read X: it is damaged', { isUnusable: true }));
  assert.match(damaged.problem, /to restore a backup: wgkex lease restore FILE$/);
});

describe('forwarding', () => {
  const own = new Set(['10.66.0.1', 'fd66::1']);

  test('is needed for each family that members route to more than the gateway itself', () => {
    const judge = (ipv4: boolean, ipv6: boolean, addresses = own) =>
      judgeSwitches({ ipv4, ipv6 }, addresses, DOMAIN).map(({ remedy }) => remedy);
    assert.deepEqual(judge(true, true), []);
    assert.deepEqual(judge(false, true), ['sysctl -w net.ipv4.ip_forward=1']);
    assert.deepEqual(judge(true, false), ['sysctl -w net.ipv6.conf.all.forwarding=1']);
    const alone = { ...DOMAIN, leased: { ...DOMAIN.leased, allowed_ips: ['10.66.0.1/32'] } } as DomainConfig;
    assert.deepEqual(judgeSwitches({ ipv4: false, ipv6: false }, own, alone), []);
    assert.equal(judgeSwitches({ ipv4: false, ipv6: false }, new Set(), alone).length, 1);
  });

  test('is blocked by a chain that mentions neither the interface nor the pool', () => {
    const chain = { family: 'inet', table: 'filter', chain: 'forward', drops: true, words: new Set(['eth0']) };
    assert.deepEqual(codesOf(judgeFirewall([chain], DOMAIN)), ['forwarding-blocked']);
    for (const word of ['wg-members', 'wg-*', '10.66.0.0'])
      assert.deepEqual(judgeFirewall([{ ...chain, words: new Set([word]) }], DOMAIN), [], word);
  });
});

test("a peer inside the pool that a file sets up is the operator's only with a mark", () => {
  const [found, ...others] = judgePoolOwnership(KEYS, new Map([[KEY, '/etc/wireguard/wg-members.conf']]), DOMAIN);
  assert.deepEqual([found?.code, found?.remedy], ['key-in-peer-file', `wgkex static add ${KEY}`]);
  assert.deepEqual(others, []);
});

test('an interface has an address in each network of the pool', () => {
  const link = { name: 'wg-members', kind: 'wireguard', isUp: true, mtu: 1420, vxlan: undefined };
  const tunnel: Tunnel = {
    ...{ wireguard: link, vxlan: undefined, speaks: 'wireguard', ipv6: 'on', isRouted: false },
    addresses: [parseIpAddress('10.66.0.1'), parseIpAddress('fd66::1')],
  };
  assert.deepEqual(judgeTunnel(tunnel, DOMAIN), []);
  const other = judgeTunnel({ ...tunnel, addresses: [parseIpAddress('10.66.0.17')] }, DOMAIN);
  assert.deepEqual(codesOf(other), ['pool-no-address', 'pool-no-address']);
  assert.deepEqual(codesOf(judgeTunnel({ ...tunnel, ipv6: 'off' }, DOMAIN)), ['ipv6-off']);
});
