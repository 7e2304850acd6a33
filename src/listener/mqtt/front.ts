import { randomBytes } from 'node:crypto';
import type { ReplyCode } from '../../core/exchange/exchange.ts';
import type { Gateway } from '../../core/exchange/gateway.ts';
import {
  ANSWER_SECONDS,
  type Answer,
  combineAnswers,
  combineRefusals,
  isFinal,
  isSuccess,
  MOST_ASKED,
} from '../../core/fleet/answers.ts';
import { chooseGateways, isOpen, listReachable, type Standing } from '../../core/fleet/choice.ts';
import type { GatewayId } from '../../core/fleet/gateway-id.ts';
import { formatPayload, parseFleetReply } from '../../core/fleet/payloads.ts';
import type { Roster } from '../../core/fleet/roster.ts';
import { Stickiness } from '../../core/fleet/stickiness.ts';
import { formatTopic } from '../../core/fleet/topics.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { FleetMeter, Own, Served, Wish } from '../desk.ts';
import type { Session } from './session.ts';

interface Surroundings {
  readonly id: GatewayId;
  readonly prefix: string;
  readonly session: Session;
  readonly roster: Roster;
  readonly meter: FleetMeter;
  /** The addresses of routers are kept from the other gateways. */
  readonly isSecretive: () => boolean;
}

interface Pending {
  readonly gateway: GatewayId;
  settle(answer: Answer): void;
}

/** Asks the gateways of the fleet for a router, and believes only what they acknowledge. */
export class Front {
  readonly #with: Surroundings;
  readonly #stickiness = new Stickiness();
  readonly #pending = new Map<string, Pending>();

  constructor(surroundings: Surroundings) {
    this.#with = surroundings;
  }

  /** v1: every gateway that serves the domain must take the key. Never rejects. */
  async serveByAll(wish: Wish, own: Own): Promise<Served> {
    const candidates = this.#with.roster.findCandidates(wish.exchange.domain, performance.now());
    const reachable = listReachable(candidates);
    const answers = await Promise.all(reachable.map(({ gateway }) => this.#ask(gateway, wish, own)));
    // Nobody knows that a gateway of which only a retained state is known still exists.
    const counting = answers.filter((answer, index) => isCounting(answer, reachable[index]?.standing));
    const code = combineAnswers(counting);
    return { code, isUnacknowledged: code === 'OK' && !counting.includes('OK') };
  }

  /**
   * v2: the best gateway must take the key, or the next best. If this gateway was silent and no other one took the key, the
   * router waits for this one's own code, as it would without a fleet. Never rejects.
   */
  async serveByOne(wish: Wish, own: Own): Promise<Served> {
    const { domain, key } = wish.exchange;
    const { id, roster } = this.#with;
    const candidates = roster.findCandidates(domain, performance.now());
    const memory = this.#stickiness.find(key, performance.now());
    const chosen = chooseGateways(candidates, { ...memory, location: wish.location }, Math.random);
    const mine = askOnce(own);
    const answers = new Map<GatewayId, Answer>();
    for (const gateway of chosen.slice(0, MOST_ASKED)) {
      const [answer, described] = await this.#askFor(gateway, wish, mine);
      answers.set(gateway, answer);
      if (isFinal(answer)) return this.#settle(key, gateway, answer, described);
    }
    const isLeft = answers.get(id) === 'silence' || (!answers.has(id) && answers.size < MOST_ASKED);
    if (isLeft && candidates.some((candidate) => candidate.gateway === id && isOpen(candidate)))
      return this.#serveHere(wish, mine);
    const isFull = chosen.length === 0 && candidates.length > 0 && candidates.every(({ hasRoom }) => !hasRoom);
    return { code: isFull ? 'FULL' : combineRefusals([...answers.values()]) };
  }

  /** A reply counts only if it comes from the gateway that was asked. @throws InputError */
  takeReply(gateway: GatewayId, payload: Uint8Array): void {
    const { id, reply } = parseFleetReply(payload);
    const pending = this.#pending.get(id);
    if (pending?.gateway === gateway) pending.settle(reply);
  }

  /** Nobody can answer any more. */
  giveUp(): void {
    for (const { settle } of this.#pending.values()) settle('silence');
  }

  /** However long it takes: there is nobody else to ask. */
  async #serveHere({ exchange: { domain, key } }: Wish, own: Own): Promise<Served> {
    const { id, roster } = this.#with;
    const described = await own.describe();
    if (described === undefined) return { code: 'FAILED' };
    const code = await own.ask();
    roster.answered(id, domain, { isTaken: code === 'OK', now: performance.now() });
    return this.#settle(key, id, code, described);
  }

  #settle(key: PublicKey, gateway: GatewayId, answer: Answer, described: Gateway | undefined): Served {
    if (isSuccess(answer)) this.#stickiness.note(key, gateway, performance.now());
    const isUnacknowledged = answer === 'unacknowledged';
    const code = isUnacknowledged ? 'OK' : (answer as ReplyCode);
    return { code, isUnacknowledged, ...(described === undefined ? {} : { gateway: described }) };
  }

  /** With what the router needs for its tunnel, without which it is not worth asking. */
  async #askFor(gateway: GatewayId, wish: Wish, own: Own): Promise<[Answer, Gateway?]> {
    const { id, roster } = this.#with;
    const described = gateway === id ? await own.describe() : roster.describe(gateway, wish.exchange.domain);
    return described === undefined ? ['FAILED'] : [await this.#ask(gateway, wish, own), described];
  }

  async #ask(gateway: GatewayId, wish: Wish, own: Own): Promise<Answer> {
    const { roster, id, meter } = this.#with;
    const { domain } = wish.exchange;
    const since = performance.now();
    if (gateway !== id && roster.workers.serves(gateway, domain)) return this.#publishTo(gateway, wish);
    roster.asked(gateway, domain);
    const answer = await (gateway === id ? this.#askOwn(own) : this.#askOther(gateway, wish));
    const now = performance.now();
    roster.settled(gateway, domain);
    meter.fleetAnswered(gateway, answer, (now - since) / 1000);
    if (answer !== 'silence') roster.answered(gateway, domain, { isTaken: answer === 'OK', now });
    // With the connection gone, it is not the gateway that is silent.
    else if (this.#with.session.isUp) roster.wasSilent(gateway, now);
    return answer;
  }

  /** Once, and only the key: anything else would end the worker's thread. */
  #publishTo(worker: GatewayId, { exchange: { domain, key } }: Wish): Answer {
    const { roster, session, prefix, meter } = this.#with;
    const topic = formatTopic({ kind: 'key', gateway: worker, domain }, prefix);
    const isPublished = session.isUp && session.publish(topic, key, { qos: 0, retain: false });
    const answer = isPublished ? 'unacknowledged' : 'silence';
    if (isPublished) roster.published(worker, domain, performance.now());
    meter.fleetAnswered(worker, answer, 0);
    return answer;
  }

  #askOwn(own: Own): Promise<Answer> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve('silence'), ANSWER_SECONDS * 1000);
      void own.ask().then((code) => {
        clearTimeout(timer);
        resolve(code);
      });
    });
  }

  #askOther(gateway: GatewayId, { exchange: { domain, key, from } }: Wish): Promise<Answer> {
    const { prefix, session, isSecretive } = this.#with;
    const id = randomBytes(16).toString('hex');
    const topic = formatTopic({ kind: 'exchange', gateway, front: this.#with.id }, prefix);
    const source = from === undefined || isSecretive() ? {} : { from };
    return new Promise((resolve) => {
      const settle = (answer: Answer) => {
        clearTimeout(timer);
        this.#pending.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => settle('silence'), ANSWER_SECONDS * 1000);
      this.#pending.set(id, { gateway, settle });
      if (!session.publish(topic, formatPayload({ id, domain, key, ...source }), { qos: 0, retain: false }))
        settle('silence');
    });
  }
}

/** By v1. A worker that has not shown that it lives gets the key, but does not count. */
function isCounting(answer: Answer, standing: Standing | undefined): boolean {
  return standing === 'sound' || (answer !== 'silence' && standing !== 'waiting');
}

/** Its code is asked for once, so that one that came too late for the first question answers the second. */
function askOnce(own: Own): Own {
  let asked: Promise<ReplyCode> | undefined;
  return {
    ask: () => {
      asked ??= own.ask();
      return asked;
    },
    describe: () => own.describe(),
  };
}
