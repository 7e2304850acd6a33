import type { Gateway } from '../exchange/gateway.ts';
import type { DomainName } from '../values/names.ts';
import { type Census, takeCensus } from './census.ts';
import type { Candidate, Standing } from './choice.ts';
import type { GatewayId } from './gateway-id.ts';
import { FRESH_SECONDS, type Hearing, MOST_STATES } from './limits.ts';
import { NameIndex } from './name-index.ts';
import type { GatewayState } from './payloads.ts';
import { RecentCount } from './recent-count.ts';
import { type NamedWorkers, WorkerRoster } from './workers/roster.ts';

/** An exchange that was acknowledged counts this long, until the gateway's own number contains it. */
export const RECENT_SECONDS = 90;
/** How long a gateway that did not answer is left alone. */
export const SILENT_SECONDS = 30;

interface Entry {
  state: GatewayState;
  /** When it last showed that it is there; undefined if only a retained state is known. */
  signMilliseconds: number | undefined;
  /** It was asked since. */
  isTried: boolean;
}

/** What a front knows of the fleet. The time is an argument, in milliseconds by the clock that does not jump. */
export class Roster {
  readonly #entries = new Map<DomainName, Map<GatewayId, Entry>>();
  readonly #names = new NameIndex();
  /** Those of freifunkMUC. */
  readonly workers: WorkerRoster;
  readonly #offline = new Set<GatewayId>();
  readonly #silentSince = new Map<GatewayId, number>();
  readonly #acknowledged = new Map<string, RecentCount>();
  /** Exchanges that are not answered yet: without them, all routers of one moment would get the same gateway. */
  readonly #underWay = new Map<string, number>();
  #size = 0;

  constructor(workers: NamedWorkers = {}) {
    this.workers = new WorkerRoster(workers, this.#names);
  }

  /** A new connection: every state arrives again. What was asked and answered before still counts. */
  clear(): void {
    this.#entries.clear();
    this.workers.clear();
    this.#names.clear();
    this.#offline.clear();
    this.#size = 0;
  }

  /** A gateway's state, retained or live; false if there are too many. */
  hear(gateway: GatewayId, domain: DomainName, state: GatewayState, { isLive, now }: Hearing): boolean {
    const entry = this.#find(gateway, domain);
    if (entry === undefined) {
      if (this.#size >= MOST_STATES) return false;
      this.#add(gateway, domain, { state, signMilliseconds: isLive ? now : undefined, isTried: false });
    } else {
      entry.state = state;
      if (isLive) noteSign(entry, now);
    }
    if (isLive) this.#offline.delete(gateway);
    this.#names.claim(gateway, domain, state.names);
    return true;
  }

  /** A gateway no longer serves a domain. */
  forget(gateway: GatewayId, domain: DomainName): void {
    const entries = this.#entries.get(domain);
    if (entries?.delete(gateway) !== true) return;
    this.#size--;
    if (entries.size === 0) this.#entries.delete(domain);
    this.#names.drop(gateway, domain);
    this.#acknowledged.delete(`${gateway}/${domain}`);
  }

  /** The end of a gateway as a whole, or its return. Only gateways with a state are remembered. */
  setOnline(gateway: GatewayId, isOnline: boolean): void {
    if (isOnline) this.#offline.delete(gateway);
    else if (this.#offline.size < MOST_STATES) this.#offline.add(gateway);
  }

  /** An exchange is under way, until {@link Roster.settled}. */
  asked(gateway: GatewayId, domain: DomainName): void {
    const entry = this.#find(gateway, domain);
    if (entry !== undefined) entry.isTried = true;
    const place = `${gateway}/${domain}`;
    this.#underWay.set(place, (this.#underWay.get(place) ?? 0) + 1);
  }

  settled(gateway: GatewayId, domain: DomainName): void {
    const place = `${gateway}/${domain}`;
    const left = (this.#underWay.get(place) ?? 0) - 1;
    if (left > 0) this.#underWay.set(place, left);
    else this.#underWay.delete(place);
  }

  /** The gateway answered an exchange; `isTaken` if it has the key. */
  answered(gateway: GatewayId, domain: DomainName, { isTaken, now }: { isTaken: boolean; now: number }): void {
    const entry = this.#find(gateway, domain);
    this.#silentSince.delete(gateway);
    if (entry === undefined) return;
    noteSign(entry, now);
    if (isTaken) this.#countOne(gateway, domain, now);
  }

  /** A key was published to a worker of freifunkMUC. */
  published(worker: GatewayId, domain: DomainName, now: number): void {
    if (this.workers.serves(worker, domain)) this.#countOne(worker, domain, now);
  }

  #countOne(gateway: GatewayId, domain: DomainName, now: number): void {
    const place = `${gateway}/${domain}`;
    const count = this.#acknowledged.get(place) ?? new RecentCount(RECENT_SECONDS);
    count.note(now);
    setLatest(this.#acknowledged, place, count);
  }

  wasSilent(gateway: GatewayId, now: number): void {
    setLatest(this.#silentSince, gateway, now);
  }

  /** A domain's own name for any of its names; undefined if no domain has it, or two claim it. */
  findDomainName(name: string): DomainName | undefined {
    return this.#names.find(name);
  }

  /** The names that two domains claim. */
  findDisputed(): string[] {
    return this.#names.findDisputed();
  }

  /** The gateways that serve a domain and are not known to be gone. */
  findCandidates(domain: DomainName, now: number): Candidate[] {
    const workers = this.workers.findCandidates(domain, now).map((worker) => ({
      ...worker,
      load: worker.load + this.#countRecent(`${worker.gateway}/${domain}`, now),
    }));
    const entries = this.#listOurs(domain).filter(([gateway]) => !this.#offline.has(gateway));
    const ours = entries.map(([gateway, entry]) => ({
      gateway,
      standing: findStanding(entry, now),
      weight: entry.state.weight,
      location: entry.state.location,
      load: entry.state.alive + this.#countRecent(`${gateway}/${domain}`, now),
      hasRoom: entry.state.peers < entry.state.max_peers,
      isSilent: now - (this.#silentSince.get(gateway) ?? Number.NEGATIVE_INFINITY) < SILENT_SECONDS * 1000,
    }));
    return [...ours, ...workers];
  }

  /** The gateways of each domain, gone or not. */
  countGateways(now: number): Map<DomainName, Census> {
    const workers = this.workers.countWorkers();
    const domains = [...new Set([...this.#entries.keys(), ...workers.keys()])];
    const count = (name: DomainName) => this.#listOurs(name).length + (workers.get(name) ?? 0);
    return new Map(domains.map((name) => [name, takeCensus(this.findCandidates(name, now), count(name))]));
  }

  /** What a router needs to dial a gateway. */
  describe(gateway: GatewayId, domain: DomainName): Gateway | undefined {
    if (this.workers.serves(gateway, domain)) return this.workers.describe(gateway, domain);
    const state = this.#find(gateway, domain)?.state;
    if (state === undefined) return undefined;
    return { name: state.name, port: state.port, publicKey: state.public_key, linkAddress: state.link_address };
  }

  /** Without machines that freifunkMUC's program has taken over: of those a state may still be retained. */
  #listOurs(domain: DomainName): [GatewayId, Entry][] {
    return [...(this.#entries.get(domain) ?? [])].filter(([gateway]) => !this.workers.serves(gateway, domain));
  }

  #countRecent(place: string, now: number): number {
    return (this.#acknowledged.get(place)?.count(now) ?? 0) + (this.#underWay.get(place) ?? 0);
  }

  #find(gateway: GatewayId, domain: DomainName): Entry | undefined {
    return this.#entries.get(domain)?.get(gateway);
  }

  #add(gateway: GatewayId, domain: DomainName, entry: Entry): void {
    const entries = this.#entries.get(domain) ?? new Map<GatewayId, Entry>();
    this.#entries.set(domain, entries.set(gateway, entry));
    this.#size++;
  }
}

function noteSign(entry: Entry, now: number): void {
  entry.signMilliseconds = now;
  entry.isTried = false;
}

function findStanding({ signMilliseconds, isTried }: Entry, now: number): Standing {
  if (signMilliseconds !== undefined && now - signMilliseconds < FRESH_SECONDS * 1000) return 'sound';
  return isTried ? 'doubtful' : 'untried';
}

/** Gateways may vanish without a word, so beyond `MOST_STATES` the one that was set longest ago goes. */
function setLatest<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_STATES && oldest !== undefined) map.delete(oldest);
}
