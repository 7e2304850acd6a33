import type { DomainConfig } from '../../config/config.ts';
import type { Memory } from '../../core/decisions/begin-record.ts';
import { type Claims, type ClaimTable, NO_CLAIMS } from '../../core/peers/claims.ts';
import { describeError, describeSystemError, InputError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { Moment } from '../../core/values/time.ts';
import type { Events } from '../../log/events.ts';
import type { DomainStore } from '../store/domain-store.ts';
import { DamagedStateError, type DomainState, EMPTY_STATE } from '../store/state.ts';
import { readBootId } from './moment.ts';

/** What is kept about a domain across reboots. A damaged file is set aside and costs a pass, never a peer. */
export class DomainMemory {
  readonly #files: DomainStore;
  readonly #domain: DomainConfig;
  readonly #log: Events;
  readonly #dryRun: boolean;

  constructor(
    files: DomainStore,
    domain: DomainConfig,
    { log, dryRun }: { readonly log: Events; readonly dryRun: boolean },
  ) {
    this.#files = files;
    this.#domain = domain;
    this.#log = log;
    this.#dryRun = dryRun;
  }

  read(): Memory {
    return { ...this.readState(), claims: this.readClaims().claims };
  }

  readState(): DomainState {
    const { state } = this.#files;
    return this.#readOr(EMPTY_STATE, { what: 'marks', damage: DamagedStateError, file: state } as const, () =>
      state.read(),
    );
  }

  readClaims(): ClaimTable {
    const source = { what: 'claims', damage: InputError, file: this.#files.claims } as const;
    return this.#readOr(NO_CLAIMS, source, () => this.#files.readClaimTable());
  }

  /** @throws Error with one line that names the file, if it cannot be written. */
  writeState(state: DomainState): void {
    this.#files.state.write(state);
  }

  /** @throws Error like {@link DomainMemory.writeState}. */
  writeClaims(claims: Claims, { monotonic }: Moment): void {
    this.#files.claims.write({ claims, pass: { boot: readBootId(), at: monotonic } });
  }

  /** After a reboot only the time since then is known. */
  findSecondsSincePass({ monotonic }: Moment): number {
    const { pass } = this.#files.claims.read();
    return pass?.boot === readBootId() ? monotonic - pass.at : monotonic;
  }

  /** A router that registers again starts afresh. A mark that stays costs a router that does not connect one pass. */
  forgetMarks(keys: Iterable<PublicKey>): void {
    try {
      this.#files.state.forgetMarks(keys);
    } catch (error) {
      this.#log.report('marks not cleared', { domain: this.#domain.name, reason: describeError(error) });
    }
  }

  /** Whether the key has a mark or a remembered handshake. */
  remembers(key: PublicKey): boolean {
    const { marks, alive } = this.readState();
    return marks.has(key) || alive.has(key);
  }

  /** @throws Error like {@link DomainMemory.writeState}. */
  forget(key: PublicKey): void {
    const state = this.readState();
    if (this.remembers(key))
      this.writeState({ ...state, marks: without(key, state.marks), alive: without(key, state.alive) });
    const { claims } = this.readClaims();
    if (claims.has(key)) this.#files.claims.write({ ...this.#files.claims.read(), claims: without(key, claims) });
  }

  #readOr<T>(fallback: T, { what, damage, file }: Source, read: () => T): T {
    try {
      return read();
    } catch (error) {
      const isDamaged = error instanceof damage;
      const aside = isDamaged && !this.#dryRun ? setAside(file) : undefined;
      const reason = isDamaged ? describeError(error) : `Cannot read ${file.path}: ${describeSystemError(error)}`;
      this.#log.report(`started without ${what}`, { domain: this.#domain.name, ...(aside && { aside }), reason });
      return fallback;
    }
  }
}

interface Source {
  /** What is unknown without it. */
  readonly what: 'marks' | 'claims';
  /** The error that reading a damaged file throws. */
  readonly damage: new (
    message: string,
  ) => Error;
  readonly file: { readonly path: string; setAside(): string };
}

/** If that fails, the file stays, and is still damaged at the next reading. */
function setAside(file: { setAside(): string }): string | undefined {
  try {
    return file.setAside();
  } catch {
    return undefined;
  }
}

function without<V>(key: PublicKey, map: ReadonlyMap<PublicKey, V>): Map<PublicKey, V> {
  return new Map([...map].filter(([other]) => other !== key));
}
