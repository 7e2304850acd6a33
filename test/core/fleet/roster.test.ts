import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseGateways, listReachable } from '../../../src/core/fleet/choice.ts';
import { type GatewayId, parseGatewayId } from '../../../src/core/fleet/gateway-id.ts';
import type { GatewayState } from '../../../src/core/fleet/payloads.ts';
import { Roster } from '../../../src/core/fleet/roster.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { type DomainName, parseDomainName } from '../../../src/core/values/names.ts';
import { DOMAIN, KEYS } from '../arbitraries.ts';

const [GW1, GW2, GW3] = ['gw1', 'gw2', 'gw3'].map(parseGatewayId) as [GatewayId, GatewayId, GatewayId];
const OTHER = parseDomainName('ffww02');

describe('shares', () => {
  test('follow the weights within 5 %, though the numbers arrive once a minute', () => {
    const roster = new Roster();
    const weights = new Map([[GW1, 1] as const, [GW2, 2] as const, [GW3, 5] as const]);
    const alive = new Map<GatewayId, number>([...weights.keys()].map((gateway) => [gateway, 0]));
    const count = (gateway: GatewayId) => alive.get(gateway) ?? 0;
    for (let now = 0; now < 400_000; now += 100) {
      if (now % 60_000 === 0)
        for (const [gateway, weight] of weights) hear(roster, gateway, { weight, alive: count(gateway) }, now);
      const [chosen = GW1] = choose(roster, now);
      roster.answered(chosen, DOMAIN, { isTaken: true, now });
      alive.set(chosen, count(chosen) + 1);
    }
    for (const [gateway, weight] of weights)
      assert.ok(Math.abs(count(gateway) / (500 * weight) - 1) < 0.05, `${gateway}: ${count(gateway)} of 4000`);
  });

  test('are even between gateways that are equal', () => {
    const roster = new Roster();
    for (const gateway of [GW1, GW2]) hear(roster, gateway, {}, 0);
    const firsts = Array.from({ length: 1000 }, () => choose(roster, 0)[0]);
    const ofFirst = firsts.filter((gateway) => gateway === GW1).length;
    assert.ok(ofFirst > 400 && ofFirst < 600, `${ofFirst}`);
  });
});

test('routers that ask at the same moment do not all get the same gateway', () => {
  const roster = new Roster();
  for (const gateway of [GW1, GW2, GW3]) hear(roster, gateway, {}, 0);
  const chosen = Array.from({ length: 30 }, () => {
    const [first = GW1] = choose(roster, 0);
    roster.asked(first, DOMAIN);
    return first;
  });
  for (const gateway of [GW1, GW2, GW3]) assert.equal(chosen.filter((one) => one === gateway).length, 10);
  for (const gateway of chosen) roster.settled(gateway, DOMAIN);
  assert.deepEqual(
    roster.findCandidates(DOMAIN, 0).map(({ load }) => load),
    [0, 0, 0],
  );
});

describe('a gateway is not chosen', () => {
  for (const [what, change] of [
    ['while its weight is 0', (roster: Roster) => hear(roster, GW1, { weight: 0 }, 0)],
    ['while it is full', (roster: Roster) => hear(roster, GW1, { peers: 10, max_peers: 10 }, 0)],
    ['after its will', (roster: Roster) => roster.setOnline(GW1, false)],
    ['once its state is empty', (roster: Roster) => roster.forget(GW1, DOMAIN)],
    ['for 30 s after it was silent', (roster: Roster) => roster.wasSilent(GW1, 0)],
  ] as const)
    test(what, () => {
      const roster = new Roster();
      for (const gateway of [GW1, GW2]) hear(roster, gateway, {}, 0);
      change(roster);
      assert.deepEqual(choose(roster, 29_999), [GW2]);
    });

  test('for 30 s after it was silent, however many were silent before', () => {
    const roster = new Roster();
    for (const gateway of [GW1, GW2]) hear(roster, gateway, {}, 0);
    for (let index = 0; index < 5000; index++) roster.wasSilent(parseGatewayId(`other${index}`), 0);
    roster.wasSilent(GW1, 0);
    assert.deepEqual(choose(roster, 29_999), [GW2]);
  });

  test('for another domain', () => {
    const roster = new Roster();
    hear(roster, GW1, {}, 0);
    assert.deepEqual(roster.findCandidates(OTHER, 0), []);
  });
});

describe('a gateway of which only a retained state is known', () => {
  test('is asked once like any other, and then, until it acknowledges, after all that are sound', () => {
    const roster = new Roster();
    hear(roster, GW1, { alive: 0 }, 0, false);
    hear(roster, GW2, { alive: 9 }, 0);
    assert.deepEqual(choose(roster, 0), [GW1, GW2]);
    roster.asked(GW1, DOMAIN);
    assert.deepEqual(choose(roster, 0), [GW2, GW1]);
    roster.answered(GW1, DOMAIN, { isTaken: true, now: 0 });
    assert.deepEqual(choose(roster, 0), [GW1, GW2]);
  });

  test('delays v1 once', () => {
    const roster = new Roster();
    hear(roster, GW1, {}, 0, false);
    const list = () => listReachable(roster.findCandidates(DOMAIN, 0)).map(({ gateway }) => gateway);
    assert.deepEqual(list(), [GW1]);
    roster.asked(GW1, DOMAIN);
    assert.deepEqual(list(), []);
  });
});

test('a number counts for 180 s', () => {
  const roster = new Roster();
  hear(roster, GW1, {}, 0);
  const standing = (now: number) => roster.findCandidates(DOMAIN, now)[0]?.standing;
  assert.deepEqual([standing(179_999), standing(180_000)], ['sound', 'untried']);
});

test('what was acknowledged counts for 90 s', () => {
  const roster = new Roster();
  hear(roster, GW1, { alive: 3 }, 0);
  roster.answered(GW1, DOMAIN, { isTaken: true, now: 0 });
  roster.answered(GW1, DOMAIN, { isTaken: false, now: 0 });
  const load = (now: number) => roster.findCandidates(DOMAIN, now)[0]?.load;
  assert.deepEqual([load(89_999), load(90_000)], [4, 3]);
});

describe('a name', () => {
  test('that two domains claim belongs to neither', () => {
    const roster = new Roster();
    hear(roster, GW1, { names: [parseDomainName('ww'), parseDomainName('shared')] }, 0);
    roster.hear(GW2, OTHER, buildState({ names: [parseDomainName('shared')] }), { isLive: true, now: 0 });
    assert.deepEqual(
      ['ffww01', 'ww', 'ffww02', 'shared', 'none'].map((name) => roster.findDomainName(name)),
      [DOMAIN, DOMAIN, OTHER, undefined, undefined],
    );
    assert.deepEqual(roster.findDisputed(), ['shared']);
    roster.forget(GW2, OTHER);
    assert.deepEqual([roster.findDomainName('shared'), roster.findDisputed()], [DOMAIN, []]);
  });

  test('that all gateways of one domain claim belongs to it', () => {
    const roster = new Roster();
    for (const gateway of [GW1, GW2]) hear(roster, gateway, { names: [parseDomainName('ww')] }, 0);
    assert.equal(roster.findDomainName('ww'), DOMAIN);
  });
});

test('gateways are counted by domain, those that are gone until their states are', () => {
  const roster = new Roster();
  for (const gateway of [GW1, GW2]) hear(roster, gateway, {}, 0);
  roster.hear(GW3, OTHER, buildState({}), { isLive: false, now: 0 });
  roster.setOnline(GW1, false);
  const none = { online: 0, full: 0, drained: 0, silent: 0, possible: 0, offline: 0 };
  assert.deepEqual(Object.fromEntries(roster.countGateways(0)), {
    [DOMAIN]: { ...none, online: 1, offline: 1 },
    [OTHER]: { ...none, possible: 1 },
  });
  assert.deepEqual(roster.countGateways(180_000).get(DOMAIN), { ...none, possible: 1, offline: 1 });
  roster.forget(GW1, DOMAIN);
  roster.forget(GW3, OTHER);
  assert.deepEqual(Object.fromEntries(roster.countGateways(0)), { [DOMAIN]: { ...none, online: 1 } });
});

test('the number of states is bounded', () => {
  const roster = new Roster();
  const state = buildState({});
  const heard = Array.from({ length: 5000 }, (_, index) =>
    roster.hear(GW1, `d${index}` as DomainName, state, { isLive: true, now: 0 }),
  );
  assert.equal(heard.filter((isTaken) => isTaken).length, 4096);
});

function hear(roster: Roster, gateway: GatewayId, state: Partial<GatewayState>, now: number, isLive = true): void {
  roster.hear(gateway, DOMAIN, buildState(state), { isLive, now });
}

function choose(roster: Roster, now: number): GatewayId[] {
  return chooseGateways(roster.findCandidates(DOMAIN, now), {}, Math.random);
}

function buildState(state: Partial<GatewayState>): GatewayState {
  return {
    ...{ version: '0.3.0', instance: '0'.repeat(32), sent_at: 0, name: 'gw1.example.org', weight: 1, names: [] },
    ...{ port: 51_820, public_key: KEYS[0], link_address: parseIpAddress('fe80::1'), alive: 0, peers: 0 },
    ...{ max_peers: 2000, ...state },
  };
}
