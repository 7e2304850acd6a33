import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { concern, NotChecked } from '../../../src/cli/check/check.ts';
import { listProposals } from '../../../src/cli/check/fixes.ts';
import { judgeClock } from '../../../src/cli/check/machine/clock.ts';
import { judgeUnits } from '../../../src/cli/check/machine/units.ts';
import { judgeTunnel } from '../../../src/cli/check/tunnel.ts';
import { findConcerns } from '../../../src/cli/gateway/attention.ts';
import { HarmlessRemedy } from '../../../src/cli/gateway/harmless.ts';
import { parseUnitStates } from '../../../src/core/host/units.ts';
import { DOMAIN } from '../../core/arbitraries.ts';
import { CONFIG, STATUS } from '../scene.ts';

const UNITS = new URL('units/', import.meta.url);

/** Everything that is found in these situations. */
function collectConcerns() {
  const units = readdirSync(UNITS).map((name) => readFileSync(new URL(name, UNITS), 'utf8'));
  const domain = CONFIG.domains.get(DOMAIN);
  assert.ok(domain);
  const wireguard = { name: domain.wireguard, kind: 'wireguard', isUp: false, mtu: 1420, vxlan: undefined };
  const tunnel = { wireguard, vxlan: undefined, speaks: 'keyless', addresses: [], isRouted: false } as const;
  const clock = { isSynchronised: false, canSynchronise: true, isSwitchedOn: false };
  return [
    ...[...units, ...units.map((text) => text.replaceAll('=enabled', '=disabled'))].flatMap((text) =>
      judgeUnits(parseUnitStates(text), [DOMAIN]),
    ),
    ...(['off', 'none'] as const).flatMap((ipv6) => judgeTunnel({ ...tunnel, ipv6 }, domain)),
    ...judgeTunnel({ ...tunnel, wireguard: { ...wireguard, isUp: true }, speaks: 'wireguard', ipv6: 'on' }, domain),
    ...judgeClock(clock),
    ...findConcerns(STATUS),
  ];
}

describe('the harmless remedies', () => {
  const concerns = collectConcerns();

  test('enable a unit, make entries match the peers, or switch IPv6 on: nothing else', () => {
    const harmless = concerns.filter(({ remedy }) => remedy instanceof HarmlessRemedy);
    const enable = 'systemctl enable';
    const repair = '/usr/lib/wgkex/wgkex-cleanup --repair ffww01';
    assert.deepEqual(
      [...new Set(harmless.map(({ code, remedy }) => `${code}: ${remedy}`))].sort(),
      [
        `cleanup-not-scheduled: ${enable} --now wgkex-cleanup@ffmuc_welt.timer`,
        `cleanup-not-scheduled: ${enable} --now wgkex-cleanup@ffww01.timer`,
        `entries-missing: ${repair}`,
        'ipv6-off: sysctl -w net/ipv6/conf/wgww01/disable_ipv6=0',
        `not-enabled: ${enable} wgkex.socket`,
        `not-listening: ${enable} --now wgkex.socket`,
        `routes-missing: ${repair}`,
        `timer-not-enabled: ${enable} wgkex-cleanup@ffww01.timer`,
      ].sort(),
    );
  });

  test('are not those that remove a peer, restart or unmask something, or change an interface', () => {
    const texts = concerns.filter(({ remedy }) => typeof remedy === 'string').map(({ remedy }) => String(remedy));
    for (const word of ['wgkex remove', 'restart', 'unmask', 'systemctl start', 'ip link', 'wg set', 'timedatectl'])
      assert.ok(
        texts.some((text) => text.includes(word)),
        word,
      );
    assert.deepEqual(
      listProposals([{ name: 'some', outcome: texts.map((text) => concern('no-domain', 'x', text)) }]),
      [],
    );
  });

  test('are proposed once for each command, with all of its problems', () => {
    const proposals = listProposals([
      { name: 'sudo', outcome: new NotChecked('run it as root') },
      { name: 'units', outcome: [] },
      { name: 'peers', outcome: findConcerns(STATUS) },
    ]);
    assert.deepEqual(
      proposals.map(({ remedy, concerns: about }) => [String(remedy), ...about.map(({ code }) => code)]),
      [
        ['systemctl enable --now wgkex.socket', 'not-listening'],
        ['/usr/lib/wgkex/wgkex-cleanup --repair ffww01', 'entries-missing', 'routes-missing'],
        ['systemctl enable --now wgkex-cleanup@ffmuc_welt.timer', 'cleanup-not-scheduled'],
      ],
    );
  });
});
