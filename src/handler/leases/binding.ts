import type { LeasedConfig } from '../../config/config.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { judgeNewKey } from '../../core/decisions/member-admission.ts';
import type { ErrorCode } from '../../core/exchange/exchange.ts';
import type { Lease, LeasedAddresses, LeaseId } from '../../core/leases/lease.ts';
import { findLowestFree, type TakenAddresses } from '../../core/leases/pool.ts';
import type { IpAddress } from '../../core/values/ip-address.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { DAY_SECONDS } from '../../core/values/time.ts';
import { readAllOwnAddresses } from '../../system/kernel/links.ts';
import type { Binding, LeaseTable } from '../../system/leases/lease-table.ts';

/** A key with a right proof of a lease. */
export interface Proved {
  readonly lease: Lease;
  readonly key: PublicKey;
}

/** Binds leases to the keys of one batch, the first that asks first. */
export class LeaseBinding {
  readonly #domain: LeasedConfig;
  readonly #table: LeaseTable;
  readonly #view: DomainView;
  /** What the batch has bound; in the table after {@link LeaseBinding.write}. */
  readonly #bindings = new Map<LeaseId, Binding>();
  #taken: { readonly addresses: Set<IpAddress>; readonly networks: readonly string[] } | undefined;
  #leased: Set<PublicKey> | undefined;

  constructor(domain: LeasedConfig, table: LeaseTable, view: DomainView) {
    this.#domain = domain;
    this.#table = table;
    this.#view = view;
  }

  /** Gives a lease that waits for a key this one and addresses, or says why not. */
  async plan({ lease, key }: Proved): Promise<ErrorCode | LeasedAddresses> {
    const bound = this.#bindings.get(lease.id);
    if (bound !== undefined) return bound.key === key ? bound : 'TOKEN_USED';
    this.#leased ??= await this.#readLeased();
    const leased = this.#leased;
    const code = judgeNewKey(lease, key, this.#view, { isLeased: (one) => leased.has(one) });
    if (code !== undefined) return code;
    this.#taken ??= await this.#readTaken();
    const addresses = findLowestFree(this.#domain.leased.pool, this.#taken);
    if (addresses === undefined) return 'FULL';
    for (const address of [addresses.address4, addresses.address6])
      if (address !== undefined) this.#taken.addresses.add(address);
    leased.add(key);
    this.#bindings.set(lease.id, { id: lease.id, key, ...addresses, now: Math.floor(this.#view.peers.now.unix) });
    return addresses;
  }

  /** Writes all bindings; returns the leases that could not be bound, because the table has changed since. */
  async write(): Promise<ReadonlySet<LeaseId>> {
    const bindings = [...this.#bindings.values()];
    if (bindings.length === 0) return new Set();
    const done = await this.#table.bind(bindings);
    return new Set(bindings.filter((_, place) => done[place] !== true).map(({ id }) => id));
  }

  async #readLeased(): Promise<Set<PublicKey>> {
    const uses = await this.#table.readKeys(this.#domain.name);
    return new Set([...uses].filter(([, { state }]) => state === 'live').map(([key]) => key));
  }

  async #readTaken(): Promise<TakenAddresses & { readonly addresses: Set<IpAddress> }> {
    const { name, leased } = this.#domain;
    const { peers } = this.#view;
    const quarantineSeconds = leased.quarantine_days * DAY_SECONDS;
    const taken = await this.#table.readTaken(name, quarantineSeconds, Math.floor(peers.now.unix));
    return {
      addresses: new Set([...taken, ...readAllOwnAddresses()]),
      networks: [...peers.operators].flatMap(({ allowedIps }) => allowedIps),
    };
  }
}
