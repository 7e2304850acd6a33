import { deriveAddress, isKey, type Variant } from './key.ts';

export interface DomainSettings {
  readonly name: string;
  readonly variant: Variant;
  readonly kinds: readonly ('flood' | 'unicast')[];
  readonly route: boolean;
  readonly maxPending: number;
}

/** What is there beside wgkex's peers. */
export interface Standing {
  /** Blocked, the gateway's own, or the operator's peers. */
  readonly prohibited: ReadonlySet<string>;
  /** Addresses of the gateway and of the operator's peers. */
  readonly taken: ReadonlySet<string>;
}

/**
 * The contract's "Admission" for a domain whose peers never had a handshake and came less than a minute ago: in the
 * order of the requests, with the addresses and who has them as the only state.
 */
export class DomainModel {
  readonly settings: DomainSettings;
  readonly #standing: Standing;
  /** The keys that are peers, by their addresses. */
  readonly holders = new Map<string, string>();

  constructor(settings: DomainSettings, standing: Standing) {
    this.settings = settings;
    this.#standing = standing;
  }

  /** The code of the reply. */
  admit(key: string): string {
    const { address } = deriveAddress(key, this.settings.variant);
    const code = this.judge(key);
    if (code !== 'OK') return code;
    const needsRoom = !this.holders.has(address);
    if (needsRoom && this.holders.size >= this.settings.maxPending) return 'FULL';
    this.holders.set(address, key);
    return code;
  }

  /** The same for a domain that is never full, whatever came before. */
  judge(key: string): string {
    if (!isKey(key)) throw new Error(`${key} is no key`);
    if (this.#standing.prohibited.has(key)) return 'PROHIBITED_WGKEY';
    const isTaken = this.#standing.taken.has(deriveAddress(key, this.settings.variant).address);
    return isTaken ? 'ADDRESS_TAKEN' : 'OK';
  }
}
