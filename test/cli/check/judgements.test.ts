import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { judgeAccount } from '../../../src/cli/check/machine/account.ts';
import { judgeClock } from '../../../src/cli/check/machine/clock.ts';
import { findDoors } from '../../../src/cli/check/machine/port.ts';
import { judgeUnits } from '../../../src/cli/check/machine/units.ts';
import { judgeTunnel, type Tunnel } from '../../../src/cli/check/tunnel.ts';
import { parseConfig } from '../../../src/config/config.ts';
import { parseUnitStates } from '../../../src/core/host/units.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { DOMAIN } from '../../core/arbitraries.ts';

const TIMER = 'wgkex-cleanup@ffww01.timer';
const CLEANUP = 'wgkex-cleanup@ffww01.service';
const RESTART = 'systemctl restart wgkex.socket wgkex.service';

/** Output of booted machines; it was identical with systemd 252 of Debian 12 and 257 of Debian 13. */
function readUnits(situation: string): string {
  return readFileSync(new URL(`units/${situation}.txt`, import.meta.url), 'utf8');
}

/** Problems and remedies. */
function judge(text: string): (string | undefined)[][] {
  return judgeUnits(parseUnitStates(text), [DOMAIN]).map(({ problem, remedy }) => [problem, remedy?.toString()]);
}

describe('units', () => {
  const CASES = [
    [
      'are not running if they were only installed',
      'installed',
      [
        ['neither wgkex.socket nor wgkex.service is active', 'systemctl enable --now wgkex.socket'],
        ['no cleanup is scheduled', `systemctl enable --now ${TIMER}`],
      ],
    ],
    [
      'are not running if they are enabled but were not started',
      'enabled',
      [
        ['neither wgkex.socket nor wgkex.service is active', 'systemctl enable --now wgkex.socket'],
        ['no cleanup is scheduled', `systemctl enable --now ${TIMER}`],
      ],
    ],
    ['are sound before the first router comes', 'started', []],
    ['are sound with the service running', 'serving', []],
    [
      'are reported if they failed, as is a timer that was stopped',
      'failed',
      [
        ['wgkex.service has failed', RESTART],
        ['no cleanup is scheduled', `systemctl enable --now ${TIMER}`],
        [`${CLEANUP} has failed`, `systemctl start ${CLEANUP}`],
      ],
    ],
    [
      'are reported if they are masked',
      'masked',
      [
        ['wgkex.service is masked', 'systemctl unmask wgkex.service'],
        ['no cleanup is scheduled', `systemctl enable --now ${TIMER}`],
        [`${CLEANUP} has failed`, `systemctl start ${CLEANUP}`],
      ],
    ],
  ] as const;
  for (const [name, situation, expected] of CASES) {
    test(name, () => assert.deepEqual(judge(readUnits(situation)), expected));
  }

  test('are reported if they run only until the next boot', () => {
    const text = readUnits('serving').replaceAll('=enabled', '=disabled');
    assert.deepEqual(judge(text), [
      ['neither wgkex.socket nor wgkex.service is enabled for the next boot', 'systemctl enable wgkex.socket'],
      [`${TIMER} is not enabled for the next boot`, `systemctl enable ${TIMER}`],
    ]);
  });

  test('are reported if they are missing or damaged', () => {
    const text = readUnits('installed').replace('=loaded', '=not-found').replace('=loaded', '=bad-setting');
    const [[missing] = [], damaged] = judge(text);
    assert.equal(missing, 'wgkex.socket is not installed');
    assert.deepEqual(damaged, ['wgkex.service cannot be loaded (bad-setting)', 'systemd-analyze verify wgkex.service']);
  });

  test('of a domain are reported with its name', () => {
    const domains = judgeUnits(parseUnitStates(readUnits('failed')), [DOMAIN]).map(({ domain }) => domain);
    assert.deepEqual(domains, [undefined, DOMAIN, DOMAIN]);
  });
});

describe('a clock', () => {
  const CASES = [
    ['that is synchronised is sound, whichever program does it', true, false, false, undefined],
    ['that no program can synchronise needs a package', false, false, false, 'apt-get install systemd-timesyncd'],
    ['whose synchronisation is switched off needs it switched on', false, true, false, 'timedatectl set-ntp true'],
    [
      'that is still not synchronised needs a restart of the program',
      false,
      true,
      true,
      'systemctl restart systemd-timesyncd',
    ],
  ] as const;
  for (const [name, isSynchronised, canSynchronise, isSwitchedOn, remedy] of CASES) {
    test(name, () => {
      const [found] = judgeClock({ isSynchronised, canSynchronise, isSwitchedOn });
      assert.equal(found?.remedy, remedy);
    });
  }
});

describe('the user of the service', () => {
  test('must exist, and must not be root', () => {
    assert.deepEqual(judgeAccount({ uid: 997, gid: 997 }), []);
    assert.equal(judgeAccount(undefined)[0]?.problem, 'there is no user wgkex');
    assert.equal(judgeAccount({ uid: 0, gid: 0 })[0]?.problem, 'user wgkex is root');
  });
});

describe('a tunnel', () => {
  const settings = 'wireguard = "wgww01"\nvxlan = "vxww01"';
  const SOUND: Tunnel = {
    wireguard: { name: 'wgww01', kind: 'wireguard', isUp: true, mtu: 1420, vxlan: undefined },
    vxlan: {
      ...{ name: 'vxww01', kind: 'vxlan', isUp: true, mtu: 1350 },
      vxlan: { link: 'wgww01', local: parseIpAddress('fe80::1'), isLearning: true },
    },
    speaks: 'wireguard',
    ipv6: 'on',
    addresses: [parseIpAddress('fe80::1')],
    isRouted: true,
  };
  const judgeIt = (change: Partial<Tunnel>, more = '') => {
    const [domain] = parseConfig(`[domains.ffww01]\n${settings}\n${more}`, 'a test').domains.values();
    assert.ok(domain);
    return judgeTunnel({ ...SOUND, ...change }, domain).map(({ problem }) => problem);
  };
  const withMtu = (mtu: number) => ({ name: 'wgww01', kind: 'wireguard', isUp: true, mtu, vxlan: undefined });

  test('set up as in docs/install.md is sound', () => assert.deepEqual(judgeIt({}), []));

  test('needs no link-local route if there are host routes', () => {
    assert.deepEqual(judgeIt({ isRouted: false }), ['no route to fe80::/64 through wgww01']);
    assert.deepEqual(judgeIt({ isRouted: false }, 'route = true'), []);
  });

  test('must learn, with or without entries for derived MAC addresses', () => {
    const vxlan = { ...SOUND.vxlan, vxlan: { ...SOUND.vxlan?.vxlan, isLearning: false } } as Tunnel['vxlan'];
    const problem = 'vxww01 does not learn (nolearning): it sends every frame to all routers';
    assert.deepEqual(judgeIt({ vxlan }), [
      `${problem} unless their VXLAN has the derived MAC address, which no known firmware uses`,
    ]);
    assert.deepEqual(judgeIt({ vxlan }, 'fdb = ["flood"]'), [`${problem}, as fdb lacks "unicast"`]);
  });

  test('without IPv6 gets the reason, and no reports of its missing address and route', () => {
    const bare = { addresses: [], isRouted: false };
    const cases = [
      [{ ipv6: 'off' }, 'IPv6 is switched off on wgww01 (disable_ipv6)'],
      [{ ipv6: 'none' }, 'this kernel was started without IPv6 (ipv6.disable=1)'],
      [{ wireguard: withMtu(1279) }, 'the MTU of wgww01 is 1279, but IPv6 needs 1280'],
    ] as const;
    for (const [change, problem] of cases) assert.deepEqual(judgeIt({ ...bare, ...change }), [problem]);
  });

  test('over IPv4 cannot reach link-local addresses', () => {
    const vxlan = { ...SOUND.vxlan, vxlan: { ...SOUND.vxlan?.vxlan, local: '10.0.0.1' } } as Tunnel['vxlan'];
    assert.deepEqual(judgeIt({ vxlan }), ['vxww01 has no local IPv6 address']);
  });

  test('is not called wrong if only root can ask it', () => {
    const wireguard = { name: 'wgww01', kind: 'tun', isUp: true, mtu: 1420, vxlan: undefined };
    assert.deepEqual(judgeIt({ wireguard, speaks: undefined }), []);
    assert.deepEqual(judgeIt({ wireguard, speaks: 'nothing' }), ['wgww01 is not a WireGuard interface but a tun']);
  });

  test('without a WireGuard interface gets no other report', () => {
    assert.deepEqual(judgeIt({ wireguard: undefined, vxlan: undefined, isRouted: false }), [
      'WireGuard interface wgww01 does not exist',
    ]);
  });
});

describe('a port', () => {
  const CASES = [
    ['[::]', '::', ['::1', '127.0.0.1'], ['::1', '127.0.0.1']],
    ['[::] without IPv6', '::', ['127.0.0.1', '192.0.2.1'], ['127.0.0.1']],
    ['[::] without any loopback address', '::', ['192.0.2.1'], ['::1', '127.0.0.1']],
    ['0.0.0.0', '0.0.0.0', ['::1', '127.0.0.1'], ['127.0.0.1']],
    ['an address', '192.0.2.1', ['::1', '192.0.2.1'], ['192.0.2.1']],
    ['an address that is not there', '192.0.2.1', ['::1'], ['192.0.2.1']],
  ] as const;
  for (const [name, host, own, expected] of CASES) {
    test(`on ${name} is asked where this machine can reach it`, () => {
      const doors = findDoors({ host, port: 10012 }, new Set(own));
      assert.deepEqual(
        doors,
        expected.map((one) => ({ host: one, port: 10012 })),
      );
    });
  }
});
