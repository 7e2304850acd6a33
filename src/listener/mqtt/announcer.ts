import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { version } from '../../../package.json';
import type { Config, DomainConfig } from '../../config/config.ts';
import type { GatewayInterface } from '../../core/exchange/gateway.ts';
import { DRAIN_FILE } from '../../core/fleet/drain.ts';
import type { GatewayId } from '../../core/fleet/gateway-id.ts';
import { formatPayload, type GatewayState, parseState } from '../../core/fleet/payloads.ts';
import { formatTopic } from '../../core/fleet/topics.ts';
import type { DomainNumbers } from '../../core/privsep/requests.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import type { Session } from './session.ts';
import { WorkerVoice } from './worker-voice.ts';

/** What the handler says about a domain of this gateway. */
export interface OwnFacts {
  findNumbers(domain: DomainName): Promise<DomainNumbers | null>;
  findGateway(domain: DomainName): Promise<GatewayInterface | undefined>;
}

interface Surroundings {
  readonly id: GatewayId;
  readonly instance: string;
  readonly session: Pick<Session, 'isUp' | 'publish'>;
  readonly facts: OwnFacts;
  /** Called with each state that was published; undefined: the domain is not served at the moment. */
  readonly onState: (domain: DomainName, state: GatewayState | undefined) => void;
  /** Another process says that it is this gateway. */
  readonly onTwin: () => void;
}

const INTERVAL_MILLISECONDS = 60_000;
/** After a state could not be made, or somebody else wrote it. */
const SOON_MILLISECONDS = 2000;

/** Keeps the retained states of this gateway as they should be: on connect, on change, every 60 s. */
export class Announcer {
  #config: Config;
  readonly #prefix: string;
  readonly #with: Surroundings;
  /** The same for freifunkMUC's brokers. */
  readonly #voice: WorkerVoice;
  /** What this process published last. */
  readonly #published = new Map<DomainName, string>();
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isDue = false;
  #isEnded = false;

  constructor(config: Config, surroundings: Surroundings) {
    this.#config = config;
    this.#prefix = config.mqtt?.prefix ?? '';
    this.#with = surroundings;
    const { id, session } = surroundings;
    this.#voice = new WorkerVoice({ id, prefix: this.#prefix, session });
  }

  configure(config: Config): void {
    this.#config = config;
    this.announce();
  }

  /** A connection to the broker has begun. */
  begin(): void {
    this.#since = findTime();
    this.#voice.begin();
    this.announce();
  }

  /** Publishes everything, now or as soon as what is under way is done. */
  announce(): void {
    this.#isDue = true;
    this.#running ??= this.#run();
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Empties its own states: this gateway takes no more routers. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.pause();
    await this.#running;
    for (const domain of this.#published.keys()) this.#publish(domain, '');
    this.#voice.end();
    this.#publishStatus('0');
  }

  /** A state of this gateway, as the broker has it. */
  check(domain: DomainName, payload: Uint8Array, isRetained: boolean): void {
    const text = Buffer.from(payload).toString();
    if (this.#isEnded || text === (this.#published.get(domain) ?? '')) return;
    const instance = findInstance(payload);
    if (instance === this.#with.instance) return;
    // A process that was here before left a retained state, and then none of ours.
    const isTwin = instance !== undefined && (!isRetained || this.#published.has(domain));
    if (isTwin) this.#with.onTwin();
    if (!this.#config.domains.has(domain)) this.#publish(domain, '');
    this.#soon();
  }

  /** What this gateway says to freifunkMUC's brokers, as the broker has it. */
  checkWorker(place: 'data' | 'number', domain: DomainName, payload: Uint8Array, isRetained: boolean): void {
    const isLeft = isRetained && !this.#config.domains.has(domain);
    if (!this.#isEnded && !this.#voice.check(place, domain, payload, isLeft)) this.#soon();
  }

  /** The status of this gateway, as the broker has it. */
  checkStatus(text: string): void {
    if (!this.#isEnded && text !== '1') this.#soon();
  }

  async #run(): Promise<void> {
    while (this.#isDue && !this.#isEnded) {
      this.#isDue = false;
      await this.#announceAll();
    }
    this.#running = undefined;
  }

  async #announceAll(): Promise<void> {
    this.pause();
    const { domains } = this.#config;
    const gone = [...this.#published.keys()].filter((domain) => !domains.has(domain));
    for (const domain of gone) this.#retract(domain);
    const states = await Promise.all([...domains.values()].map(async (domain) => this.#announce(domain)));
    if (this.#isEnded || !this.#with.session.isUp) return;
    this.#publishStatus('1');
    const isComplete = states.every((isThere) => isThere);
    this.#timer ??= setTimeout(() => this.announce(), isComplete ? INTERVAL_MILLISECONDS : SOON_MILLISECONDS);
  }

  async #announce(domain: DomainConfig): Promise<boolean> {
    const state = await this.#buildState(domain);
    if (this.#isEnded) return true;
    if (state === undefined) {
      this.#retract(domain.name);
      return false;
    }
    const { name, port, public_key: publicKey, link_address: linkAddress } = state;
    this.#voice.announce(domain.name, { name, port, publicKey, linkAddress }, state.alive);
    this.#publish(domain.name, formatPayload(state));
    this.#with.onState(domain.name, state);
    return true;
  }

  #retract(domain: DomainName): void {
    this.#voice.retract(domain);
    this.#publish(domain, '');
    this.#published.delete(domain);
    this.#with.onState(domain, undefined);
  }

  async #buildState({ name, names, max_peers }: DomainConfig): Promise<GatewayState | undefined> {
    const { facts, instance } = this.#with;
    const [found, numbers] = await Promise.all([facts.findGateway(name), facts.findNumbers(name)]);
    if (found === undefined || numbers === null) return undefined;
    const { alive, idle, stale, pending } = numbers;
    const { name: host = hostname(), weight, location } = this.#config.gateway;
    return {
      ...{ version, instance, sent_at: findTime(), since: this.#since, name: host, names },
      weight: isDrained(this.#config.state_directory) ? 0 : weight,
      ...(location === undefined ? {} : { location }),
      ...{ port: found.port, public_key: found.publicKey, link_address: found.linkAddress },
      ...{ alive, peers: alive + idle + stale + pending, max_peers },
    };
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.announce(), SOON_MILLISECONDS);
  }

  #publish(domain: DomainName, payload: string): void {
    const topic = formatTopic({ kind: 'state', gateway: this.#with.id, domain }, this.#prefix);
    if (payload !== '') this.#published.set(domain, payload);
    this.#with.session.publish(topic, payload, { qos: 1, retain: true });
  }

  #publishStatus(payload: '0' | '1'): void {
    const topic = formatTopic({ kind: 'status', gateway: this.#with.id }, this.#prefix);
    this.#with.session.publish(topic, payload, { qos: 1, retain: true });
  }
}

function findTime(): UnixSeconds {
  return Math.round(Date.now() / 1000);
}

/** The operator's command left a file for it. */
function isDrained(stateDirectory: string): boolean {
  return existsSync(join(stateDirectory, DRAIN_FILE));
}

function findInstance(payload: Uint8Array): string | undefined {
  try {
    return parseState(payload).instance;
  } catch {
    return undefined;
  }
}
