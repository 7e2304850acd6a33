import type { Lease, LeasedAddresses, LeaseId, Secret } from '../../core/leases/lease.ts';
import type { IpAddress } from '../../core/values/ip-address.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import * as answers from './answers.ts';
import { KEY_STATES, type KeyUse } from './answers.ts';
import { Database, type Values } from './database.ts';
import { type ExportedLease, parseExportedLeases, toExported } from './row.ts';
import * as sql from './statements.ts';
import { LeaseTableError } from './table-error.ts';

export interface LeaseFilter {
  readonly domain?: DomainName | undefined;
  /** Those that have ended, or whose end date is not after this time. */
  readonly expiredAt?: UnixSeconds | undefined;
  /** Those that have not ended and wait for a key. */
  readonly isUnbound?: true | undefined;
}

/** The leases of an exchange, and how many leases of its domain are bound and have not ended. */
export interface ExchangeReading {
  readonly leases: readonly Lease[];
  readonly bound: number;
}

export interface Binding extends LeasedAddresses {
  readonly id: LeaseId;
  readonly key: PublicKey;
  readonly now: UnixSeconds;
}

/**
 * `unbound`: it never had addresses. `new`: others have its key or an address, or it was unbound; it will get new ones.
 */
export interface Extension {
  readonly lease: Lease;
  readonly addresses: 'same' | 'new' | 'unbound';
}

/**
 * The leases of all domains, in a database of SQLite's that root alone can read. Without a file there are none, and
 * only {@link LeaseTable.grant} and {@link LeaseTable.import} create it. Each method is one transaction, and throws a
 * LeaseTableError if the table cannot be read or written.
 */
export class LeaseTable {
  readonly path: string;
  readonly #database: Database;

  constructor(path: string) {
    this.path = path;
    this.#database = new Database(path);
  }

  exists(): boolean {
    return this.#database.exists();
  }

  /** Finds leases of any domain. */
  async findForExchange(ids: readonly LeaseId[], domain: DomainName): Promise<ExchangeReading> {
    const [leases, bound] = (await this.#database.read(sql.FIND_FOR_EXCHANGE, { ids, domain }, answers.exchange)) ?? [
      [],
      0,
    ];
    return { leases, bound };
  }

  /** In the order in which they were granted. */
  list(filter: LeaseFilter = {}): Promise<readonly Lease[]> {
    return this.#readLeases(sql.LIST, { ...filter });
  }

  async find(id: LeaseId): Promise<Lease | undefined> {
    const [lease] = await this.#readLeases(sql.FIND, { id });
    return lease;
  }

  /** The leases of a domain that are bound and have not ended. */
  readBound(domain: DomainName): Promise<readonly Lease[]> {
    return this.#readLeases(sql.READ_BOUND, { domain });
  }

  /** Every key that a row of the domain names. */
  async readKeys(domain: DomainName): Promise<ReadonlyMap<PublicKey, KeyUse>> {
    const [uses] = (await this.#database.read(sql.READ_KEYS, { domain }, answers.keys)) ?? [[]];
    const rank = ({ state }: KeyUse) => KEY_STATES.indexOf(state);
    return new Map([...uses].sort((a, b) => rank(a) - rank(b)).map(({ key, ...use }) => [key, use]));
  }

  /** The addresses that must not be given out: of leases that last, or ended less than `quarantineSeconds` ago. */
  async readTaken(domain: DomainName, quarantineSeconds: number, now: UnixSeconds): Promise<ReadonlySet<IpAddress>> {
    const values = { domain, quarantineSeconds, now };
    const [addresses] = (await this.#database.read(sql.READ_TAKEN, values, answers.addresses)) ?? [[]];
    return new Set(addresses);
  }

  /**
   * Adds an unbound lease. If its order has one, returns that one.
   * @throws InputError if a text of it cannot be stored, LeaseTableError also if another lease has its ID.
   */
  async grant(lease: Lease): Promise<{ readonly lease: Lease; readonly isNew: boolean }> {
    const { id, orderId } = lease;
    const values = { id, orderId, leases: validate([toExported(lease)]) };
    const [news, found] = await this.#database.write(sql.GRANT, values, answers.grant);
    const isNew = news.length > 0;
    const granted = isNew ? found[0] : found.find((each) => orderId !== undefined && each.orderId === orderId);
    if (granted === undefined)
      throw new LeaseTableError(`Cannot grant ${id} in ${this.path}: another lease has this ID; try again`);
    return { lease: granted, isNew };
  }

  /**
   * Binds leases that wait for a key, each for itself. Refuses a key that was released from it, and a key or an address
   * of a lease of the domain that lasts; one that ended loses them. Returns for each whether it was done.
   */
  async bind(bindings: readonly Binding[]): Promise<readonly boolean[]> {
    if (!this.exists()) return bindings.map(() => false);
    const [places] = await this.#database.write(sql.BIND, { bindings }, answers.places);
    return bindings.map((_, place) => places.includes(place));
  }

  /**
   * Gives it another end date (undefined: none), also if it has ended; with `isUnbinding` its key and its addresses are
   * taken away, and any key may bind it. Returns undefined if there is no such lease.
   */
  async extend(
    id: LeaseId,
    expires: UnixSeconds | undefined,
    { isUnbinding }: { isUnbinding?: true | undefined } = {},
  ): Promise<Extension | undefined> {
    if (!this.exists()) return undefined;
    const values = { id, expires, isUnbinding };
    const [[before], [lease]] = await this.#database.write(sql.EXTEND, values, answers.extension);
    if (before === undefined || lease === undefined) return undefined;
    if (before.bound === undefined) return { lease, addresses: 'unbound' };
    return { lease, addresses: lease.key === undefined ? 'new' : 'same' };
  }

  /** Frees a bound lease for another key, never for this one; with `newSecret` its old token is void. */
  release(id: LeaseId, newSecret?: Secret): Promise<boolean> {
    return this.#change(sql.RELEASE, { id, newSecret });
  }

  /** Replaces the secret of a lease that has not ended; with `isOnlyUnbound` not that of a bound one. */
  rotate(id: LeaseId, secret: Secret, { isOnlyUnbound }: { isOnlyUnbound?: true } = {}): Promise<boolean> {
    return this.#change(sql.ROTATE, { id, secret, isOnlyUnbound });
  }

  /** Ends it at once. */
  revoke(id: LeaseId, now: UnixSeconds): Promise<boolean> {
    return this.#change(sql.REVOKE, { id, now });
  }

  /** Ends those whose end date is still not after `now`, and returns them. */
  async end(ids: readonly LeaseId[], now: UnixSeconds): Promise<readonly LeaseId[]> {
    if (!this.exists()) return [];
    const [ended] = await this.#database.write(sql.END, { ids, now }, answers.ids);
    return ended;
  }

  /** Notes the days of sent reminders, unless the lease has another end date than `expires` by now. */
  setReminded(id: LeaseId, days: readonly number[], expires: UnixSeconds): Promise<boolean> {
    return this.#change(sql.SET_REMINDED, { id, days, expires });
  }

  async export(filter: LeaseFilter = {}): Promise<readonly ExportedLease[]> {
    return (await this.list(filter)).map(toExported);
  }

  /** Adds unbound leases; leaves known IDs and orders as they are. Returns the IDs that are new. */
  async import(leases: readonly ExportedLease[]): Promise<readonly LeaseId[]> {
    const [news] = await this.#database.write(sql.IMPORT, { leases: validate(leases) }, answers.ids);
    return news;
  }

  /** What is wrong with the file, in words; nothing if it is intact, or missing. */
  async check(): Promise<readonly string[]> {
    const [findings] = (await this.#database.read(sql.CHECK, {}, answers.findings)) ?? [[]];
    return findings.filter((finding) => finding !== 'ok');
  }

  async #readLeases(statement: string, values: Values): Promise<readonly Lease[]> {
    const [leases] = (await this.#database.read(statement, values, answers.leases)) ?? [[]];
    return leases;
  }

  async #change(statement: string, values: Values): Promise<boolean> {
    if (!this.exists()) return false;
    const [changes] = await this.#database.write(statement, values, answers.changes);
    return changes > 0;
  }
}

function validate(leases: readonly ExportedLease[]): readonly ExportedLease[] {
  return parseExportedLeases(JSON.stringify(leases), 'the lease');
}
