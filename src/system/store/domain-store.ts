import type { Config, DomainConfig } from '../../config/config.ts';
import { LeasedPlan } from '../../core/leases/leased-plan.ts';
import { type AddressPlan, DerivedPlan } from '../../core/peers/address-plan.ts';
import { ClaimTable } from '../../core/peers/claims.ts';
import { ClaimsFile } from './claims-file.ts';
import { KeyListFiles } from './key-lists.ts';
import { RecordFile } from './record-file.ts';
import { StateFile } from './state.ts';

/** The peers of a domain, twice as many claims, and routers that come and go. */
const ROUTERS_PER_PEER = 4;

/** Everything that is kept about a domain outside the kernel. */
export class DomainStore {
  readonly state: StateFile;
  readonly claims: ClaimsFile;
  readonly record: RecordFile;
  readonly lists: KeyListFiles;
  readonly plan: AddressPlan;
  #claimTable: ClaimTable | undefined;

  constructor(domain: DomainConfig, config: Config) {
    this.state = new StateFile(config.state_directory, domain.name);
    this.claims = new ClaimsFile(config.state_directory, domain.name);
    this.record = new RecordFile(config.runtime_directory, domain);
    this.lists = new KeyListFiles(domain, config);
    const { leased, address, max_peers } = domain;
    this.plan = leased ? new LeasedPlan(leased.pool) : new DerivedPlan(address, ROUTERS_PER_PEER * max_peers);
  }

  /** Rebuilt only if the claims have changed, as each of their keys is hashed. */
  readClaimTable(): ClaimTable {
    const { claims } = this.claims.read();
    if (this.#claimTable?.claims !== claims)
      this.#claimTable = new ClaimTable(claims, (key) => this.plan.describe(key).address);
    return this.#claimTable;
  }
}
