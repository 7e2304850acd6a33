import type { Config, DomainConfig } from '../../config/config.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { Room } from '../../core/decisions/room.ts';
import type { KeyLists } from '../../core/exchange/key-lists.ts';
import type { WireguardReading } from '../../core/kernel/wg-dump.ts';
import { Derivations } from '../../core/peers/address-plan.ts';
import { ClaimTable } from '../../core/peers/claims.ts';
import { PeerTable } from '../../core/peers/peer-table.ts';
import type { PeerRecord } from '../../core/peers/record.ts';
import type { Moment } from '../../core/values/time.ts';
import { readOwnAddresses } from '../kernel/links.ts';
import { ClaimsFile } from '../store/claims-file.ts';
import { KeyListFiles } from '../store/key-lists.ts';
import { RecordFile } from '../store/record-file.ts';
import { StateFile } from '../store/state.ts';

/** Its peers, twice as many claims, and those who come and go. */
const ROUTERS_PER_PEER = 4;

/** Everything that is kept of a domain outside the kernel. */
export class DomainFiles {
  readonly state: StateFile;
  readonly claims: ClaimsFile;
  readonly record: RecordFile;
  readonly lists: KeyListFiles;
  readonly derivations: Derivations;
  #claimTable: ClaimTable | undefined;

  constructor(domain: DomainConfig, config: Config) {
    this.state = new StateFile(config.state_directory, domain.name);
    this.claims = new ClaimsFile(config.state_directory, domain.name);
    this.record = new RecordFile(config.runtime_directory, domain);
    this.lists = new KeyListFiles(domain, config);
    this.derivations = new Derivations(domain.address, ROUTERS_PER_PEER * domain.max_peers);
  }

  /** Made again only where the claims have changed: each of their keys is hashed. */
  readClaimTable(): ClaimTable {
    const { claims } = this.claims.read();
    if (this.#claimTable?.claims !== claims)
      this.#claimTable = new ClaimTable(claims, (key) => this.derivations.describe(key).address);
    return this.#claimTable;
  }
}

/** What a view is made of. */
export interface ViewParts {
  readonly reading: WireguardReading;
  readonly record: PeerRecord;
  readonly lists: KeyLists;
  readonly claims: ClaimTable;
  readonly now: Moment;
  readonly unrecordable: string | undefined;
}

export function buildView(
  parts: ViewParts,
  domain: DomainConfig,
  config: Config,
  { derivations }: DomainFiles,
): DomainView {
  const { reading, record, lists, claims, now, unrecordable } = parts;
  const staleAfterSeconds = config.cleanup.stale_after_seconds;
  const limits = { maxPeers: domain.max_peers, maxPending: domain.max_pending };
  const ownership = { registrations: record.registrations, staticKeys: lists.static, derivations };
  const peers = new PeerTable(reading.peers, { ...ownership, staleAfterSeconds }, now);
  return {
    peers,
    record,
    room: new Room(peers, limits),
    claims,
    lists,
    ownKey: reading.ownKey,
    ownAddresses: readOwnAddresses(),
    ...limits,
    staleAfterSeconds,
    unrecordable,
  };
}
