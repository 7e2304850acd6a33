import assert from 'node:assert/strict';
import test from 'node:test';
import type { EntrySettings } from '../../../src/core/changes/change.ts';
import { type Effect, listEffects, listForgettingEffects } from '../../../src/core/changes/effects.ts';
import { FLOOD_MAC } from '../../../src/core/kernel/fdb.ts';
import type { InterfaceName } from '../../../src/core/values/names.ts';
import { KEYS, viewOf } from '../arbitraries.ts';

const { peers } = viewOf([]);
const [router, other] = [peers.describe(KEYS[0]), peers.describe(KEYS[1])];
const settings: EntrySettings = {
  wireguard: 'wgww01' as InterfaceName,
  vxlan: 'vxww01' as InterfaceName,
  fdb: ['flood', 'unicast'],
  route: true,
};

const TRACES = { peer: router, vacated: router, router, hasClaim: false, isRemembered: true };

/** `router add peer`, `other set forwarding entry 00:00:00:00:00:00`. */
function describe(effects: readonly Effect[]): string[] {
  return effects.map((effect) => {
    const { action, what, router } = effect;
    const whose = router.key === KEYS[0] ? 'router' : 'other';
    return [whose, action, what, ...(what === 'forwarding entry' ? [effect.entry.mac] : [])].join(' ');
  });
}

for (const kind of ['add', 'reset', 'keep'] as const) {
  test(`the effects of ${kind} are on the router's peer, its entries and its route`, () => {
    assert.deepEqual(describe(listEffects({ kind, router, evicted: [] }, settings)), [
      `router ${kind} peer`,
      `router set forwarding entry ${FLOOD_MAC}`,
      `router set forwarding entry ${router.mac}`,
      'router set route',
    ]);
  });
}

test('an evicted peer is removed with its entries and its route before the newcomer is added', () => {
  const effects = describe(listEffects({ kind: 'add', router, evicted: [other], vacated: [other] }, settings));
  assert.deepEqual(effects.slice(0, 5), [
    'other remove peer',
    `other remove forwarding entry ${FLOOD_MAC}`,
    `other remove forwarding entry ${other.mac}`,
    'other remove route',
    'router add peer',
  ]);
});

test('removing a peer that lost its address keeps the entries of the peer that has it now', () => {
  const effects = listForgettingEffects({ ...TRACES, vacated: undefined }, settings);
  assert.deepEqual(describe(effects), ['router remove peer']);
});

test('routes and entries that a domain does not keep are not touched', () => {
  const effects = listForgettingEffects(TRACES, { ...settings, fdb: ['flood'], route: false });
  assert.deepEqual(describe(effects), ['router remove peer', `router remove forwarding entry ${FLOOD_MAC}`]);
});
