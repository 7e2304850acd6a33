/** Everything that happens to a front; times in seconds. */
export type FleetStep =
  | { readonly does: 'wait'; readonly seconds: number }
  | { readonly does: 'connect' }
  | ({ readonly does: 'hear'; readonly gateway: string; readonly isLive: boolean } & Numbers)
  | { readonly does: 'forget'; readonly gateway: string }
  | { readonly does: 'status'; readonly gateway: string; readonly isOnline: boolean }
  | { readonly does: 'worker data'; readonly worker: string; readonly isSound: boolean }
  | { readonly does: 'worker number'; readonly worker: string; readonly count: number; readonly isLive: boolean }
  | { readonly does: 'ask'; readonly router: number; readonly location?: string; readonly answers: readonly string[] };

export interface Numbers {
  readonly weight: number;
  readonly alive: number;
  readonly peers: number;
  readonly place?: string;
}

const MOST_PEERS = 5;
const MOST_ASKED = 3;

interface Known extends Numbers {
  signedAt: number;
  isTried: boolean;
  isOffline: boolean;
}

interface KnownWorker {
  isSound: boolean;
  isOnline: boolean;
  count: number | undefined;
  liveAt: number;
}

/** A second version of the contract's "Choice of a gateway", for one domain. */
export class FleetModel {
  #now = 0;
  #known = new Map<string, Known>();
  #offline = new Set<string>();
  readonly #silent = new Map<string, number>();
  #acknowledged: { gateway: string; at: number }[] = [];
  /** Of freifunkMUC. */
  readonly #workers = new Map<string, KnownWorker>();
  readonly #weights: Readonly<Record<string, number>>;
  readonly #routers = new Map<number, { gateway: string; times: number; since: number }>();

  /** The workers of freifunkMUC that may be chosen. */
  constructor(weights: Readonly<Record<string, number>>) {
    this.#weights = weights;
  }

  wait(seconds: number): void {
    this.#now += seconds;
  }

  connect(): void {
    this.#known = new Map();
    this.#offline = new Set();
    for (const worker of this.#workers.values()) Object.assign(worker, { isSound: false, isOnline: false });
  }

  hearWorkerData(name: string, isSound: boolean): void {
    this.#findWorker(name).isSound = isSound;
  }

  hearWorkerNumber(name: string, count: number, isLive: boolean): void {
    Object.assign(this.#findWorker(name), { count, ...(isLive ? { liveAt: this.#now } : {}) });
  }

  hear(gateway: string, numbers: Numbers, isLive: boolean): void {
    const before = this.#known.get(gateway);
    const signedAt = isLive ? this.#now : (before?.signedAt ?? Number.NEGATIVE_INFINITY);
    this.#known.set(gateway, { ...numbers, signedAt, isTried: !isLive && before?.isTried === true, isOffline: false });
    if (isLive) this.#offline.delete(gateway);
  }

  forget(gateway: string): void {
    if (this.#known.delete(gateway)) this.#acknowledged = this.#acknowledged.filter((one) => one.gateway !== gateway);
  }

  status(gateway: string, isOnline: boolean): void {
    if (isOnline) this.#offline.delete(gateway);
    else this.#offline.add(gateway);
    this.#findWorker(gateway).isOnline = isOnline;
  }

  /** The gateways that may be asked next, of those that were not asked yet; none where the router is answered. */
  permit(router: number, location: string | undefined, asked: readonly string[]): string[] {
    if (asked.length >= MOST_ASKED) return [];
    let left = [...this.#known.keys(), ...this.#workers.keys()].filter(
      (gateway) => this.#mayBeChosen(gateway) && !asked.includes(gateway),
    );
    const narrow = (is: (gateway: string) => boolean) => {
      const best = left.filter(is);
      if (best.length > 0) left = best;
    };
    const visits = this.#recall(router);
    narrow((gateway) => visits?.times === 1 && visits.gateway === gateway);
    narrow((gateway) => !(visits !== undefined && visits.times > 1 && visits.gateway === gateway));
    narrow(
      (gateway) =>
        this.#workers.get(gateway)?.isSound === true ||
        this.#isSound(gateway) ||
        this.#known.get(gateway)?.isTried === false,
    );
    narrow((gateway) => location !== undefined && this.#findPlace(gateway) === location);
    const least = Math.min(...left.map((gateway) => this.#score(gateway)));
    return left.filter((gateway) => this.#score(gateway) === least);
  }

  asked(gateway: string): void {
    const known = this.#known.get(gateway);
    if (known !== undefined) known.isTried = true;
  }

  answered(gateway: string, answer: string, router: number): void {
    if (answer === 'silence') {
      this.#silent.set(gateway, this.#now);
      return;
    }
    this.#silent.delete(gateway);
    const known = this.#known.get(gateway);
    if (known === undefined) return;
    known.signedAt = this.#now;
    known.isTried = false;
    if (answer !== 'OK') return;
    this.#acknowledged.push({ gateway, at: this.#now });
    this.#visit(router, gateway);
  }

  /** A key was published to a worker. */
  published(worker: string, router: number): void {
    this.#acknowledged.push({ gateway: worker, at: this.#now });
    this.#visit(router, worker);
  }

  isWorker(name: string): boolean {
    return this.#workers.get(name)?.isSound === true;
  }

  #findWorker(name: string): KnownWorker {
    const worker = this.#workers.get(name) ?? { isSound: false, isOnline: false, count: undefined, liveAt: -1e9 };
    this.#workers.set(name, worker);
    return worker;
  }

  #findPlace(gateway: string): string | undefined {
    return this.isWorker(gateway) ? undefined : this.#known.get(gateway)?.place;
  }

  #visit(router: number, gateway: string): void {
    const visits = this.#recall(router) ?? { times: 0, since: this.#now };
    this.#routers.set(router, { gateway, times: visits.times + 1, since: visits.since });
  }

  #recall(router: number) {
    const visits = this.#routers.get(router);
    return visits !== undefined && this.#now - visits.since < 600 ? visits : undefined;
  }

  #mayBeChosen(gateway: string): boolean {
    const { isSound, isOnline, count, liveAt } = this.#findWorker(gateway);
    if (isSound) return isOnline && (count ?? 0) >= 0 && this.#now - liveAt < 180 && (this.#weights[gateway] ?? 0) > 0;
    const { weight = 0, peers = 0 } = this.#known.get(gateway) ?? {};
    const isSilent = this.#now - (this.#silent.get(gateway) ?? Number.NEGATIVE_INFINITY) < 30;
    return weight > 0 && peers < MOST_PEERS && !isSilent && !this.#offline.has(gateway);
  }

  #isSound(gateway: string): boolean {
    return this.#now - (this.#known.get(gateway)?.signedAt ?? Number.NEGATIVE_INFINITY) < 180;
  }

  #score(gateway: string): number {
    const { alive = 0, weight = 1 } = this.isWorker(gateway)
      ? { alive: this.#findWorker(gateway).count, weight: this.#weights[gateway] }
      : (this.#known.get(gateway) ?? {});
    const recent = this.#acknowledged.filter((one) => one.gateway === gateway && this.#now - one.at < 90).length;
    return (alive + recent) / weight;
  }
}
