import type { GatewayId } from '../../core/fleet/gateway-id.ts';
import { type GatewayState, parseState } from '../../core/fleet/payloads.ts';
import { parseTopic } from '../../core/fleet/topics.ts';
import { parseConnectedPeers, parseWorkerData, type WorkerData } from '../../core/fleet/workers/payloads.ts';
import { describeError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';

/** A machine of the fleet: a gateway, or a front without domains. */
export interface FleetMember {
  readonly id: GatewayId;
  /** Its connection to the broker lives, as far as the broker knows. */
  readonly isOnline: boolean;
  readonly domains: ReadonlyMap<DomainName, GatewayState>;
}

/** A worker of freifunkMUC in one of its domains. */
export interface FleetWorker {
  readonly worker: GatewayId;
  readonly domain: DomainName;
  readonly isOnline: boolean;
  /** Undefined if they cannot be read, or are not there. */
  readonly data: WorkerData | undefined;
  /** Its own number of living routers, of whenever; below zero: it was stopped. */
  readonly count: number | undefined;
}

interface Place {
  readonly gateway: GatewayId;
  readonly domain: DomainName;
  state?: GatewayState;
  /** Null: they cannot be read. */
  data?: WorkerData | null;
  count?: number;
}

/** What gateways and workers say, put together. */
export class Heard {
  readonly #prefix: string;
  readonly #ownId: GatewayId;
  readonly #online = new Map<GatewayId, boolean>();
  readonly #places = new Map<string, Place>();
  readonly #unreadable = new Map<string, string>();
  readonly #ownInstances = new Set<string>();

  constructor(prefix: string, ownId: GatewayId) {
    this.#prefix = prefix;
    this.#ownId = ownId;
  }

  take(name: string, payload: Uint8Array): void {
    const topic = parseTopic(name, this.#prefix);
    if (topic?.kind === 'status') this.#online.set(topic.gateway, String(Buffer.from(payload)) === '1');
    else if (topic?.kind === 'state' || topic?.kind === 'data' || topic?.kind === 'number')
      this.#takeAbout(topic.kind, topic, payload);
  }

  sum() {
    const workers = this.#listWorkers();
    return {
      members: this.#listMembers(workers),
      workers,
      unreadable: [...this.#unreadable.values()],
      ownInstances: this.#ownInstances as ReadonlySet<string>,
    };
  }

  #takeAbout(kind: 'state' | 'data' | 'number', about: Pick<Place, 'gateway' | 'domain'>, payload: Uint8Array): void {
    const name = `${about.gateway}/${about.domain}`;
    const place = this.#places.get(name) ?? { gateway: about.gateway, domain: about.domain };
    this.#places.set(name, place);
    if (kind === 'state') this.#takeState(place, payload);
    else if (payload.length === 0) delete place[kind === 'data' ? kind : 'count'];
    else if (kind === 'data') place.data = read(() => parseWorkerData(payload)) ?? null;
    else place.count = read(() => parseConnectedPeers(payload)) ?? Number.NaN;
  }

  #takeState(place: Place, payload: Uint8Array): void {
    const name = `${place.gateway}/${place.domain}`;
    this.#unreadable.delete(name);
    delete place.state;
    if (payload.length === 0) return;
    try {
      place.state = parseState(payload);
      const { instance } = place.state;
      if (place.gateway === this.#ownId && instance !== undefined) this.#ownInstances.add(instance);
    } catch (error) {
      this.#unreadable.set(name, `${name}: ${describeError(error)}`);
    }
  }

  /** Data without the mark of ours are freifunkMUC's; so is a number without data where nothing is known of ours. */
  #listWorkers(): FleetWorker[] {
    const places = [...this.#places.values()];
    const isOurs = (id: GatewayId) =>
      id === this.#ownId || places.some(({ gateway, state, data }) => gateway === id && (state ?? data?.isOurs));
    const isTheirs = ({ gateway, data, count }: Place) =>
      gateway !== this.#ownId && (data === undefined ? count !== undefined && !isOurs(gateway) : data?.isOurs !== true);
    return places.filter(isTheirs).map(({ gateway: worker, domain, data, count }) => ({
      ...{ worker, domain, isOnline: this.#online.get(worker) === true, data: data ?? undefined },
      count: Number.isNaN(count) ? undefined : count,
    }));
  }

  #listMembers(workers: readonly FleetWorker[]): FleetMember[] {
    const theirs = new Set(workers.map(({ worker, domain }) => `${worker}/${domain}`));
    const states = [...this.#places].filter(([name, { state }]) => state !== undefined && !theirs.has(name));
    const names = new Set<GatewayId>(states.map(([, { gateway }]) => gateway));
    const workersOnly = new Set(workers.map(({ worker }) => worker).filter((worker) => !names.has(worker)));
    const ids = [...new Set([...this.#online.keys(), ...names])].filter((id) => !workersOnly.has(id)).sort();
    return ids.map((id) => {
      const own = states.flatMap(([, { gateway, domain, state }]) =>
        gateway === id && state !== undefined ? [[domain, state] as const] : [],
      );
      return { id, isOnline: this.#online.get(id) === true, domains: new Map(own) };
    });
  }
}

function read<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
