import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Answer, isFinal, MOST_ASKED } from '../../src/core/fleet/answers.ts';
import { chooseGateways } from '../../src/core/fleet/choice.ts';
import { type GatewayId, parseGatewayId } from '../../src/core/fleet/gateway-id.ts';
import type { GatewayState } from '../../src/core/fleet/payloads.ts';
import { Roster } from '../../src/core/fleet/roster.ts';
import { Stickiness } from '../../src/core/fleet/stickiness.ts';
import type { WorkerData } from '../../src/core/fleet/workers/payloads.ts';
import type { NamedWorkers } from '../../src/core/fleet/workers/roster.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { parseDomainName } from '../../src/core/values/names.ts';
import { type PublicKey, parsePublicKey } from '../../src/core/values/public-key.ts';
import { printEntries } from '../corpus.ts';
import { ROUTERS_KEYS } from '../keys.ts';
import { FleetModel, type FleetStep, type Numbers } from '../model/fleet.ts';
import { buildLocalTarget, type Target } from './target.ts';

const DOMAIN = parseDomainName('ffww01');
const GATEWAYS = ['gw1', 'gw2', 'gw3', 'gw4', 'gw5'];
/** Of freifunkMUC; one has the name of a gateway, whose program has changed, and one must not be chosen. */
const WORKERS = ['gw5', 'gw6', 'gw7', 'gw8'];
const WEIGHTS = { gw5: 1, gw6: 2, gw7: 0 };
const PLACES = ['muc', 'aug', undefined];
const KEYS = ROUTERS_KEYS.slice(0, 3).map(parsePublicKey);
const ANSWERS = ['OK', 'OK', 'OK', 'silence', 'FULL', 'FAILED', 'BUSY', 'ADDRESS_TAKEN'];

const DATA: WorkerData = {
  ...{ name: 'gw6.ext.example', port: 40_011, publicKey: KEYS[1] ?? assert.fail() },
  ...{ linkAddress: parseIpAddress('fe80::4'), isOurs: false },
};

interface Run {
  readonly seed: number;
  readonly steps: readonly FleetStep[];
}

/** A front's knowledge and its choice, against the model. */
export function createFleetTarget(): Target<Run> {
  return buildLocalTarget<Run>({
    name: 'fleet',
    corpus: [],
    runs: fc.record({ seed: fc.nat(), steps: fc.array(steps(), { maxLength: 40 }) }),
    print: (run) => printEntries('fleets', [run]),
    check: async (run) => new Front(run.seed).play(run.steps),
  });
}

function steps(): fc.Arbitrary<FleetStep> {
  const gateway = fc.constantFrom(...GATEWAYS);
  const worker = fc.constantFrom(...WORKERS);
  const likely = fc.constantFrom(true, true, false);
  const place = fc.constantFrom(...PLACES).map((found) => (found === undefined ? {} : { place: found }));
  const location = fc.constantFrom(...PLACES).map((found) => (found === undefined ? {} : { location: found }));
  const numbers = fc.record({ weight: fc.constantFrom(0, 1, 1, 2), alive: fc.nat(3), peers: fc.nat(6) });
  const hear = fc
    .tuple(gateway, fc.boolean(), numbers, place)
    .map(([from, isLive, found, at]): FleetStep => ({ does: 'hear', gateway: from, isLive, ...found, ...at }));
  const answers = fc.array(fc.constantFrom(...ANSWERS), { minLength: 3, maxLength: 3 });
  const ask = fc
    .tuple(fc.nat(KEYS.length - 1), answers, location)
    .map(([router, given, at]): FleetStep => ({ does: 'ask', router, answers: given, ...at }));
  return fc.oneof(
    { weight: 4, arbitrary: hear },
    { weight: 8, arbitrary: ask },
    fc.record({
      does: fc.constant('wait' as const),
      seconds: fc.constantFrom(1, 10, 29, 30, 60, 89, 90, 179, 180, 600),
    }),
    fc.record({ does: fc.constant('forget' as const), gateway }),
    fc.record({ does: fc.constant('status' as const), gateway: fc.oneof(gateway, worker), isOnline: likely }),
    fc.constant({ does: 'connect' as const }),
    { weight: 2, arbitrary: fc.record({ does: fc.constant('worker data' as const), worker, isSound: likely }) },
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constant('worker number' as const),
        ...{ worker, count: fc.integer({ min: -1, max: 3 }), isLive: fc.boolean() },
      }),
    },
  );
}

class Front {
  readonly #roster = new Roster(buildNamed());
  readonly #stickiness = new Stickiness();
  readonly #model = new FleetModel(WEIGHTS);
  #random: number;
  #now = 1_000_000;

  constructor(seed: number) {
    this.#random = seed;
  }

  play(all: readonly FleetStep[]): void {
    for (const step of all) this.#take(step);
  }

  #take(step: FleetStep): void {
    if (step.does === 'ask') this.#ask(step);
    else if (step.does === 'wait') this.#wait(step.seconds);
    else if (step.does === 'connect') this.#connect();
    else if (step.does === 'hear') this.#hear(step);
    else if (step.does === 'worker data') this.#hearData(step);
    else if (step.does === 'worker number') this.#hearNumber(step);
    else if (step.does === 'forget') this.#forget(step.gateway);
    else this.#setOnline(step.gateway, step.isOnline);
  }

  #wait(seconds: number): void {
    this.#now += seconds * 1000;
    this.#model.wait(seconds);
  }

  #connect(): void {
    this.#roster.clear();
    this.#model.connect();
  }

  #hear(step: Extract<FleetStep, { does: 'hear' }>): void {
    const hearing = { isLive: step.isLive, now: this.#now };
    this.#roster.hear(parseGatewayId(step.gateway), DOMAIN, buildState(step), hearing);
    this.#model.hear(step.gateway, step, step.isLive);
  }

  #hearData({ worker, isSound }: Extract<FleetStep, { does: 'worker data' }>): void {
    this.#roster.workers.hearData(parseGatewayId(worker), DOMAIN, isSound ? DATA : undefined);
    this.#model.hearWorkerData(worker, isSound && worker in WEIGHTS);
  }

  #hearNumber({ worker, count, isLive }: Extract<FleetStep, { does: 'worker number' }>): void {
    this.#roster.workers.hearNumber(parseGatewayId(worker), DOMAIN, count, { isLive, now: this.#now });
    this.#model.hearWorkerNumber(worker, count, isLive);
  }

  #forget(gateway: string): void {
    this.#roster.forget(parseGatewayId(gateway), DOMAIN);
    this.#model.forget(gateway);
  }

  #setOnline(gateway: string, isOnline: boolean): void {
    this.#roster.setOnline(parseGatewayId(gateway), isOnline);
    this.#roster.workers.setOnline(parseGatewayId(gateway), isOnline);
    this.#model.status(gateway, isOnline);
  }

  #ask({ router, location, answers }: Extract<FleetStep, { does: 'ask' }>): void {
    const key = KEYS[router] ?? assert.fail();
    const wishes = { ...this.#stickiness.find(key, this.#now), location };
    const all = chooseGateways(this.#roster.findCandidates(DOMAIN, this.#now), wishes, () => this.#draw());
    const chosen = all.slice(0, MOST_ASKED);
    const asked: string[] = [];
    for (const gateway of chosen) {
      const permitted = this.#model.permit(router, location, asked);
      assert.ok(permitted.includes(gateway), `${gateway} after ${asked}, permitted: ${permitted}`);
      asked.push(gateway);
    }
    assert.deepEqual(this.#model.permit(router, location, asked), []);
    for (const [index, gateway] of chosen.entries()) {
      const isWorker = this.#roster.workers.serves(gateway, DOMAIN);
      assert.equal(this.#model.isWorker(gateway), isWorker);
      const answer = isWorker ? 'unacknowledged' : ((answers[index] ?? 'OK') as Answer);
      this.#answer(gateway, answer, router, key);
      if (isFinal(answer)) return;
    }
  }

  #answer(gateway: GatewayId, answer: Answer, router: number, key: PublicKey): void {
    if (answer === 'unacknowledged') {
      this.#roster.published(gateway, DOMAIN, this.#now);
      this.#stickiness.note(key, gateway, this.#now);
      this.#model.published(gateway, router);
      return;
    }
    this.#roster.asked(gateway, DOMAIN);
    this.#model.asked(gateway);
    this.#roster.settled(gateway, DOMAIN);
    if (answer === 'silence') this.#roster.wasSilent(gateway, this.#now);
    else this.#roster.answered(gateway, DOMAIN, { isTaken: answer === 'OK', now: this.#now });
    if (answer === 'OK') this.#stickiness.note(key, gateway, this.#now);
    this.#model.answered(gateway, answer, router);
  }

  #draw(): number {
    this.#random = (this.#random * 1_103_515_245 + 12_345) % 2 ** 31;
    return this.#random / 2 ** 31;
  }
}

function buildState({ weight, alive, peers, place }: Numbers): GatewayState {
  return {
    ...{ version: '0.3.0', instance: '0'.repeat(32), sent_at: 0, name: 'gw1.example.org', names: [], port: 51_820 },
    ...{ public_key: KEYS[0] ?? assert.fail(), link_address: parseIpAddress('fe80::1'), max_peers: 5 },
    ...{ weight, alive, peers, location: place },
  };
}

function buildNamed(): NamedWorkers {
  return Object.fromEntries(Object.entries(WEIGHTS).map(([name, weight]) => [name, { weight }]));
}
