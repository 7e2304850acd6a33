import type { Gateway } from '../../exchange/gateway.ts';
import type { DomainName } from '../../values/names.ts';
import type { PublicKey } from '../../values/public-key.ts';
import type { Candidate } from '../choice.ts';
import type { GatewayId } from '../gateway-id.ts';
import { FRESH_SECONDS, type Hearing, MOST_STATES } from '../limits.ts';
import type { NameIndex } from '../name-index.ts';
import type { WorkerData } from './payloads.ts';

/** A worker of freifunkMUC, as the operator of a front names it. */
export interface NamedWorker {
  readonly weight: number;
  /** What it must have. */
  readonly public_key?: PublicKey | undefined;
}
export type NamedWorkers = Readonly<Record<string, NamedWorker>>;

interface PeerNumber {
  readonly count: number;
  /** When one last arrived that was not retained. */
  readonly liveMilliseconds: number | undefined;
}

/**
 * The workers of freifunkMUC that the configuration names, as a front knows them. They cannot acknowledge a key, so one
 * is chosen only after it has said with a live number that it is there.
 */
export class WorkerRoster {
  readonly #named: ReadonlyMap<string, NamedWorker>;
  readonly #names: NameIndex;
  readonly #data = new Map<DomainName, Map<GatewayId, WorkerData>>();
  readonly #online = new Set<GatewayId>();
  /** Kept from connection to connection: what was live 20 s ago still counts. */
  readonly #numbers = new Map<string, PeerNumber>();
  #size = 0;

  constructor(named: NamedWorkers, names: NameIndex) {
    this.#named = new Map(Object.entries(named));
    this.#names = names;
  }

  /** A new connection: everything that is retained arrives again. */
  clear(): void {
    this.#data.clear();
    this.#online.clear();
    this.#size = 0;
  }

  isNamed(worker: GatewayId): boolean {
    return this.#named.has(worker);
  }

  /** What a named worker says of a domain; why that does not count, if it does not. */
  hearData(worker: GatewayId, domain: DomainName, data: WorkerData | undefined): string | undefined {
    this.#forget(worker, domain);
    const key = this.#named.get(worker)?.public_key;
    if (data === undefined || data.isOurs || !this.isNamed(worker)) return undefined;
    if (key !== undefined && key !== data.publicKey) return 'its public key is not the one in workers';
    if (this.#size >= MOST_STATES) return 'too many domains';
    const workers = this.#data.get(domain) ?? new Map<GatewayId, WorkerData>();
    this.#data.set(domain, workers.set(worker, data));
    this.#names.claim(describeClaimant(worker), domain, []);
    this.#size++;
    return undefined;
  }

  /** Undefined: it said nothing that can be understood. */
  hearNumber(worker: GatewayId, domain: DomainName, count: number | undefined, { isLive, now }: Hearing): void {
    const place = `${worker}/${domain}`;
    const before = this.#numbers.get(place);
    if (count === undefined) this.#numbers.delete(place);
    else if (this.isNamed(worker) && (before !== undefined || this.#numbers.size < MOST_STATES))
      this.#numbers.set(place, { count, liveMilliseconds: isLive ? now : before?.liveMilliseconds });
  }

  setOnline(worker: GatewayId, isOnline: boolean): void {
    if (isOnline && this.isNamed(worker)) this.#online.add(worker);
    else this.#online.delete(worker);
  }

  /** Whether a domain of this machine is served by freifunkMUC's program. */
  serves(worker: GatewayId, domain: DomainName): boolean {
    return this.#data.get(domain)?.has(worker) === true;
  }

  /** The domains, with the number of their workers, online or not. */
  countWorkers(): Map<DomainName, number> {
    return new Map([...this.#data].map(([domain, { size }]) => [domain, size]));
  }

  findCandidates(domain: DomainName, now: number): Candidate[] {
    const workers = [...(this.#data.get(domain)?.keys() ?? [])].filter((worker) => this.#online.has(worker));
    return workers.flatMap((gateway): Candidate[] => {
      const { count = 0, liveMilliseconds = Number.NEGATIVE_INFINITY } =
        this.#numbers.get(`${gateway}/${domain}`) ?? {};
      if (count < 0) return [];
      const isFresh = now - liveMilliseconds < FRESH_SECONDS * 1000;
      const weight = this.#named.get(gateway)?.weight ?? 0;
      const standing = isFresh ? 'sound' : 'waiting';
      return [{ gateway, standing, weight, location: undefined, load: count, hasRoom: true, isSilent: false }];
    });
  }

  describe(worker: GatewayId, domain: DomainName): Gateway | undefined {
    const data = this.#data.get(domain)?.get(worker);
    return data && { name: data.name, port: data.port, publicKey: data.publicKey, linkAddress: data.linkAddress };
  }

  #forget(worker: GatewayId, domain: DomainName): void {
    const workers = this.#data.get(domain);
    if (workers?.delete(worker) !== true) return;
    this.#size--;
    if (workers.size === 0) this.#data.delete(domain);
    this.#names.drop(describeClaimant(worker), domain);
  }
}

/** Its id may also be that of one of our gateways, before or after. No id has a slash. */
function describeClaimant(worker: GatewayId): string {
  return `worker/${worker}`;
}
