import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { combineAnswers, isFinal } from '../../../../src/core/fleet/answers.ts';
import { chooseGateways, listReachable } from '../../../../src/core/fleet/choice.ts';
import { type GatewayId, parseGatewayId } from '../../../../src/core/fleet/gateway-id.ts';
import type { GatewayState } from '../../../../src/core/fleet/payloads.ts';
import { Roster } from '../../../../src/core/fleet/roster.ts';
import type { WorkerData } from '../../../../src/core/fleet/workers/payloads.ts';
import { parseIpAddress } from '../../../../src/core/values/ip-address.ts';
import { parseDomainName } from '../../../../src/core/values/names.ts';
import { DOMAIN, KEYS } from '../../arbitraries.ts';

const [W1, W2, GW1] = ['gw04.in.example', 'gw05.in.example', 'gw1'].map(parseGatewayId) as [
  GatewayId,
  GatewayId,
  GatewayId,
];
const [KEY, OTHER] = KEYS;
const ONLY_W1 = { [W1]: { weight: 30 } };
const LIVE = { isLive: true, now: 0 };
const RETAINED = { isLive: false, now: 0 };

describe('a worker of freifunkMUC is chosen', () => {
  test('once its status is 1 and a live number has come', () => {
    const roster = new Roster(ONLY_W1);
    roster.workers.hearData(W1, DOMAIN, dataOf());
    assert.deepEqual(roster.findCandidates(DOMAIN, 0), [], 'its status is not known');
    roster.workers.setOnline(W1, true);
    assert.deepEqual(choose(roster), [], 'no number is known');
    roster.workers.hearNumber(W1, DOMAIN, 5, RETAINED);
    assert.deepEqual(choose(roster), [], 'its number may be of yesterday');
    assert.equal(listReachable(roster.findCandidates(DOMAIN, 0)).length, 1);
    roster.workers.hearNumber(W1, DOMAIN, 6, LIVE);
    assert.deepEqual(choose(roster), [W1]);
    assert.equal(roster.findCandidates(DOMAIN, 0)[0]?.load, 6);
  });

  for (const [what, change] of [
    ['without its data', (roster: Roster) => roster.workers.hearData(W1, DOMAIN, undefined)],
    ['after its will', (roster: Roster) => roster.workers.setOnline(W1, false)],
    ['once it says -1', (roster: Roster) => roster.workers.hearNumber(W1, DOMAIN, -1, LIVE)],
    ['once its number is emptied', (roster: Roster) => roster.workers.hearNumber(W1, DOMAIN, undefined, LIVE)],
    [
      'with data of one of our gateways',
      (roster: Roster) => roster.workers.hearData(W1, DOMAIN, dataOf({ isOurs: true })),
    ],
  ] as const)
    test(`not ${what}`, () => {
      const roster = withWorker();
      assert.deepEqual(choose(roster), [W1]);
      change(roster);
      assert.deepEqual(choose(roster), []);
    });

  test('for 180 s from its last live number, also over a new connection', () => {
    const roster = withWorker();
    assert.deepEqual([choose(roster, 179_999), choose(roster, 180_000)], [[W1], []]);
    roster.clear();
    assert.deepEqual(choose(roster, 20_000), []);
    roster.workers.hearData(W1, DOMAIN, dataOf());
    roster.workers.setOnline(W1, true);
    roster.workers.hearNumber(W1, DOMAIN, 3, { isLive: false, now: 20_000 });
    assert.deepEqual([choose(roster, 179_999), choose(roster, 180_000)], [[W1], []]);
  });

  test('never if workers does not name it, with another key, or without weight', () => {
    assert.deepEqual(choose(withWorker({ [W2]: { weight: 1 } })), []);
    assert.deepEqual(choose(withWorker({ [W1]: { weight: 1, public_key: KEY } })), [W1]);
    assert.deepEqual(choose(withWorker({ [W1]: { weight: 1, public_key: OTHER } })), []);
    assert.deepEqual(choose(withWorker({ [W1]: { weight: 0 } })), []);
    const roster = new Roster({ [W1]: { weight: 1, public_key: OTHER } });
    assert.equal(roster.workers.hearData(W1, DOMAIN, dataOf()), 'its public key is not the one in workers');
  });

  test('less often the more keys it got, by its weight', () => {
    const roster = withWorker({ [W1]: { weight: 3 }, [W2]: { weight: 1 } });
    join(roster, W2);
    const chosen = Array.from({ length: 40 }, () => {
      const [first = W1] = choose(roster);
      roster.published(first, DOMAIN, 0);
      return first;
    });
    assert.equal(chosen.filter((one) => one === W1).length, 30);
  });
});

describe('a machine that changes from one program to the other', () => {
  test('is known by its data: a state of ours may still be retained', () => {
    const roster = withWorker();
    roster.hear(W1, DOMAIN, STATE, LIVE);
    assert.equal(roster.findCandidates(DOMAIN, 0).length, 1);
    assert.equal(roster.describe(W1, DOMAIN)?.name, 'gw04.ext.example');
    roster.workers.hearData(W1, DOMAIN, dataOf({ isOurs: true }));
    assert.equal(roster.describe(W1, DOMAIN)?.name, 'gw1.example.org');
    assert.deepEqual(
      roster.findCandidates(DOMAIN, 0).map(({ standing }) => standing),
      ['sound'],
    );
  });

  test('does not lose the domain when the state of ours goes', () => {
    const roster = withWorker();
    roster.hear(W1, DOMAIN, STATE, LIVE);
    roster.forget(W1, DOMAIN);
    assert.equal(roster.findDomainName(DOMAIN), DOMAIN);
    roster.workers.hearData(W1, DOMAIN, undefined);
    assert.equal(roster.findDomainName(DOMAIN), undefined);
  });
});

test('a worker is counted by its state, and a domain that two claim is served by neither', () => {
  const roster = withWorker();
  roster.hear(GW1, DOMAIN, STATE, LIVE);
  assert.equal(roster.countGateways(0).get(DOMAIN)?.online, 2);
  roster.workers.hearNumber(W1, DOMAIN, -1, LIVE);
  assert.equal(roster.countGateways(0).get(DOMAIN)?.offline, 1);
  assert.equal(roster.countGateways(200_000).get(DOMAIN)?.possible, 1);
  roster.hear(GW1, parseDomainName('ffww02'), { ...STATE, names: [DOMAIN] }, LIVE);
  assert.equal(roster.findDomainName(DOMAIN), undefined);
});

test('domains that a worker invents are bounded', () => {
  const roster = new Roster(ONLY_W1);
  const faults = Array.from({ length: 5000 }, (_, index) => {
    const domain = parseDomainName(`d${index}`);
    roster.workers.hearNumber(W1, domain, 1, LIVE);
    return roster.workers.hearData(W1, domain, dataOf());
  });
  assert.equal(faults.filter((fault) => fault === 'too many domains').length, 5000 - 4096);
});

test('an unacknowledged answer is final by v2, and counts as OK by v1', () => {
  assert.equal(isFinal('unacknowledged'), true);
  for (const [answers, expected] of [
    [['unacknowledged'], 'OK'],
    [['unacknowledged', 'OK'], 'OK'],
    [['unacknowledged', 'FULL'], 'OK'],
    [['unacknowledged', 'silence'], 'FAILED'],
    [['unacknowledged', 'FAILED'], 'FAILED'],
    [['unacknowledged', 'PROHIBITED_WGKEY'], 'PROHIBITED_WGKEY'],
  ] as const)
    assert.equal(combineAnswers(answers), expected, answers.join());
});

const STATE: GatewayState = {
  ...{ version: '0.3.0', sent_at: 0, name: 'gw1.example.org', weight: 1, names: [], port: 51_820, public_key: OTHER },
  ...{ link_address: parseIpAddress('fe80::1'), alive: 0, peers: 0, max_peers: 2000 },
};

function dataOf(change: Partial<WorkerData> = {}): WorkerData {
  const [name, linkAddress] = ['gw04.ext.example', parseIpAddress('fe80::4')];
  return { name, port: 40_011, publicKey: KEY, linkAddress, isOurs: false, ...change };
}

function withWorker(named: ConstructorParameters<typeof Roster>[0] = ONLY_W1): Roster {
  const roster = new Roster(named);
  join(roster, W1);
  return roster;
}

function join(roster: Roster, worker: GatewayId): void {
  roster.workers.hearData(worker, DOMAIN, dataOf());
  roster.workers.hearNumber(worker, DOMAIN, 0, LIVE);
  roster.workers.setOnline(worker, true);
}

function choose(roster: Roster, now = 0): GatewayId[] {
  return chooseGateways(roster.findCandidates(DOMAIN, now), {}, () => 0);
}
