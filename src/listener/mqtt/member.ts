import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from '../../config/config.ts';
import type { Census } from '../../core/fleet/census.ts';
import type { GatewayId } from '../../core/fleet/gateway-id.ts';
import { type FleetExchange, formatPayload, parseFleetExchange, parseState } from '../../core/fleet/payloads.ts';
import { Roster } from '../../core/fleet/roster.ts';
import { formatTopic, listSubscriptions, parseTopic, type Topic } from '../../core/fleet/topics.ts';
import { InputError } from '../../core/values/errors.ts';
import { type DomainName, isHostName } from '../../core/values/names.ts';
import type { Attention } from '../../log/flood-guard.ts';
import type { Log } from '../../log/log.ts';
import { findOwnId } from '../../mqtt-client/own-id.ts';
import type { Desk, Fleet, FleetMeter, Own, Served, Wish } from '../desk.ts';
import { Announcer, type OwnFacts } from './announcer.ts';
import { ChangeLog } from './change-log.ts';
import { Front } from './front.ts';
import { KeyIntake } from './key-intake.ts';
import { Session } from './session.ts';
import { WorkerHearing } from './worker-hearing.ts';

/** The broker sends what it has retained within this time. */
const SETTLING_MILLISECONDS = 2000;

/** What happens once, what anybody can cause as often as they like, and what is only counted. */
export interface Journal {
  readonly log: Log;
  readonly attention: Attention;
  readonly meter: FleetMeter;
}

type Place = Extract<Topic, { kind: 'data' | 'number' }>;

/** This machine as a member of the fleet: a gateway for its own domains, and a front for those of all. */
export class Member implements Fleet {
  readonly #id: GatewayId;
  readonly #prefix: string;
  readonly #desk: Desk;
  readonly #attention: Attention;
  readonly #roster: Roster;
  readonly #workers: WorkerHearing;
  readonly #keys: KeyIntake;
  readonly #session: Session;
  readonly #announcer: Announcer;
  readonly #front: Front;
  #openedMilliseconds = Number.POSITIVE_INFINITY;
  #disputed: readonly string[] = [];

  /** @throws InputError if the host's name serves neither as an id nor as a name to dial. */
  constructor(config: Config, desk: Desk, facts: OwnFacts, { log, attention, meter }: Journal) {
    const { mqtt, gateway } = config;
    if (mqtt === undefined) throw new Error('a configuration without [mqtt]');
    this.#id = findOwnId(mqtt);
    if (gateway.name === undefined && !isHostName(hostname()))
      throw new InputError(`${hostname()} is not a name that routers can dial: expected name in [gateway]`);
    this.#prefix = mqtt.prefix;
    this.#desk = desk;
    this.#attention = attention;
    this.#roster = new Roster(mqtt.workers);
    this.#workers = new WorkerHearing(this.#roster.workers, (reason) => this.#complain(reason));
    this.#keys = new KeyIntake(desk);
    this.#session = this.#createSession(mqtt, new ChangeLog(log, attention));
    this.#announcer = this.#createAnnouncer(config, facts);
    const isSecretive = () => desk.config.log.addresses === 'none';
    const [id, prefix, session, roster] = [this.#id, this.#prefix, this.#session, this.#roster];
    this.#front = new Front({ id, prefix, session, roster, meter, isSecretive });
  }

  get isUp(): boolean {
    return this.#session.isUp;
  }

  get isSettled(): boolean {
    return this.isUp && performance.now() - this.#openedMilliseconds > SETTLING_MILLISECONDS;
  }

  findDomainName(name: string): DomainName | undefined {
    return this.#roster.findDomainName(name);
  }

  hasGateways(domain: DomainName): boolean {
    return this.#roster.findCandidates(domain, performance.now()).length > 0;
  }

  countGateways(): Map<DomainName, Census> {
    return this.#roster.countGateways(performance.now());
  }

  serve(kind: 'v1' | 'v2', wish: Wish, own: Own): Promise<Served> {
    return kind === 'v1' ? this.#front.serveByAll(wish, own) : this.#front.serveByOne(wish, own);
  }

  /** Domains, names, weight or location may be others. */
  configure(config: Config): void {
    this.#announcer.configure(config);
  }

  /** No front chooses this gateway any more; what is under way is still answered. */
  leave(): Promise<void> {
    return this.#announcer.end();
  }

  async stop(): Promise<void> {
    await this.leave();
    await this.#session.stop();
    this.#front.giveUp();
  }

  #createSession(mqtt: NonNullable<Config['mqtt']>, changes: ChangeLog): Session {
    const settings = {
      mqtt,
      clientId: `wgkex-${this.#id}`,
      subscriptions: listSubscriptions(this.#id, this.#prefix, Object.keys(mqtt.workers).length > 0),
      willTopic: formatTopic({ kind: 'status', gateway: this.#id }, this.#prefix),
    };
    const events = {
      onOpen: () => this.#begin(),
      onUp: () => this.#announcer.begin(),
      onDown: () => this.#end(),
      onMessage: (topic: string, payload: Uint8Array, isRetained: boolean) => this.#hear(topic, payload, isRetained),
    };
    return new Session(settings, events, changes);
  }

  #createAnnouncer(config: Config, facts: OwnFacts): Announcer {
    return new Announcer(config, {
      ...{ id: this.#id, instance: randomBytes(16).toString('hex'), session: this.#session, facts },
      onState: (domain, state) => {
        const hearing = { isLive: true, now: performance.now() };
        if (state === undefined) this.#roster.forget(this.#id, domain);
        else this.#roster.hear(this.#id, domain, state, hearing);
      },
      onTwin: () => this.#complain(`another machine has the id ${this.#id}, too; see id in [mqtt]`),
    });
  }

  #begin(): void {
    this.#roster.clear();
    this.#openedMilliseconds = performance.now();
  }

  #end(): void {
    this.#announcer.pause();
    this.#front.giveUp();
  }

  #hear(name: string, payload: Uint8Array, isRetained: boolean): void {
    const topic = parseTopic(name, this.#prefix);
    if (topic === undefined) return;
    try {
      this.#take(topic, payload, isRetained);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#complain(`from ${describeSender(topic)}: ${error.message}`);
    }
  }

  #take(topic: Topic, payload: Uint8Array, isRetained: boolean): void {
    if (topic.kind === 'status') this.#takeStatus(topic.gateway, Buffer.from(payload).toString('latin1', 0, 2));
    else if (topic.kind === 'state') this.#takeState(topic.gateway, topic.domain, payload, isRetained);
    else if (topic.kind === 'key') this.#keys.take(topic.domain, payload, isRetained);
    else if (topic.kind === 'data' || topic.kind === 'number') this.#takeOfWorker(topic, payload, isRetained);
    // A retained one would be served again at each connection.
    else if (isRetained) this.#complain(`a retained ${topic.kind}`);
    else if (topic.kind === 'reply') this.#front.takeReply(topic.gateway, payload);
    else void this.#serve(topic.front, parseFleetExchange(payload));
  }

  #takeStatus(gateway: GatewayId, text: string): void {
    if (gateway === this.#id) this.#announcer.checkStatus(text);
    else {
      this.#roster.setOnline(gateway, text !== '0');
      this.#roster.workers.setOnline(gateway, text === '1');
    }
  }

  #takeOfWorker({ kind, gateway, domain }: Place, payload: Uint8Array, isRetained: boolean): void {
    const hearing = { isLive: !isRetained, now: performance.now() };
    if (gateway === this.#id) this.#announcer.checkWorker(kind, domain, payload, isRetained);
    else if (kind === 'data') this.#workers.takeData(gateway, domain, payload);
    else this.#workers.takeNumber(gateway, domain, payload, hearing);
  }

  #takeState(gateway: GatewayId, domain: DomainName, payload: Uint8Array, isRetained: boolean): void {
    if (gateway === this.#id) this.#announcer.check(domain, payload, isRetained);
    else if (payload.length === 0) this.#roster.forget(gateway, domain);
    else if (!this.#roster.hear(gateway, domain, parseState(payload), { isLive: !isRetained, now: performance.now() }))
      this.#complain('too many gateways or domains');
    this.#reportDisputed();
  }

  async #serve(front: GatewayId, { id, domain, key, from }: FleetExchange): Promise<void> {
    const isBelieved = this.#desk.config.mqtt?.fronts.includes(front) === true;
    const reply = await this.#desk.exchangeForFront(
      { domain, key, ...(from === undefined ? {} : { from }) },
      isBelieved,
    );
    const topic = formatTopic({ kind: 'reply', front, gateway: this.#id }, this.#prefix);
    this.#session.publish(topic, formatPayload({ id, reply }), { qos: 0, retain: false });
  }

  #reportDisputed(): void {
    const disputed = this.#roster.findDisputed();
    for (const name of disputed)
      if (!this.#disputed.includes(name)) this.#complain(`two domains claim the name ${name}; neither is served by it`);
    this.#disputed = disputed;
  }

  #complain(reason: string): void {
    this.#attention.report('mqtt problem', { reason });
  }
}

/** As far as the topic tells. */
function describeSender(topic: Topic): string {
  if (topic.kind === 'key') return `the topic of keys for ${topic.domain}`;
  return topic.kind === 'exchange' ? topic.front : topic.gateway;
}
