import { join } from 'node:path';
import type { Config, DomainConfig } from '../config.ts';
import type { DomainView } from '../core/admission.ts';
import type { PeerChange } from '../core/changes.ts';
import { collectHandshakes } from '../core/handshakes.ts';
import type { PeerTable } from '../core/peer-table.ts';
import type { Handshakes, Peer } from '../core/peers.ts';
import type { PublicKey } from '../core/public-key.ts';
import { isForgetful } from '../core/revival.ts';
import { describeError } from '../errors.ts';
import type { Events } from '../log.ts';
import { FirstSeen } from './first-seen.ts';
import { readInterfacesId } from './interfaces.ts';
import { type Lock, takeDomainLock } from './lock.ts';
import { type ReadingContext, readClock, readDomain } from './reading.ts';
import { reviveDomain, reviveView } from './revival.ts';
import { type DomainState, EMPTY_STATE, StateFile } from './state.ts';
import { requireInterfaces } from './wireguard.ts';

/** How long the lock of a domain is held, and what was read under it may serve. */
const READING_MILLISECONDS = 1000;

/** What is known of a domain, and the lock under which it is true. Whoever is alive comes back with new interfaces. */
export class LockedReading {
  readonly #domain: DomainConfig;
  readonly #config: Config;
  readonly #log: Events;
  readonly #stateFile: StateFile;
  readonly #firstSeen: FirstSeen;
  #lock: Lock | undefined;
  #lockedAtMilliseconds = 0;
  /** What was read under the lock, with the changes since; goes with it. */
  #view: DomainView | undefined;
  /** Those that were read last; see `readInterfacesId`. */
  #interfaces = '';

  constructor(domain: DomainConfig, config: Config, log: Events) {
    this.#domain = domain;
    this.#config = config;
    this.#log = log;
    this.#stateFile = new StateFile(config.state_directory, domain.name);
    this.#firstSeen = new FirstSeen(join(config.runtime_directory, `${domain.name}.pending.json`));
  }

  get isFresh(): boolean {
    return performance.now() - this.#lockedAtMilliseconds < READING_MILLISECONDS;
  }

  /** How long until it is fresh no more. */
  get restMilliseconds(): number {
    return this.#lockedAtMilliseconds + READING_MILLISECONDS - performance.now();
  }

  /** What was read under the lock that is held, or else under a new one. */
  async open(): Promise<{ readonly view: DomainView; readonly isNew: boolean }> {
    requireInterfaces(this.#domain);
    if (this.#view !== undefined && this.isFresh) return { view: this.#view, isNew: false };
    await this.#takeLock();
    const view = await this.readAgain();
    const hasRevived = await this.#reviveOnLoss(view.peers);
    return { view: hasRevived ? await this.readAgain() : view, isNew: true };
  }

  /** The same for who will change nothing: who is to come back does so in the view alone, nothing is written down. */
  async preview(): Promise<DomainView> {
    requireInterfaces(this.#domain);
    await this.#takeLock();
    const state = this.#readState();
    const context = this.#context(state);
    const view = await readDomain(context);
    const interfaces = await readInterfacesId(this.#domain);
    if (isForgetful(state, { interfaces, peers: view.peers })) reviveView(view, context);
    return view;
  }

  async readAgain(): Promise<DomainView> {
    this.#view = await readDomain(this.#context(this.#readState()));
    this.#firstSeen.update(this.#view.peers.pending);
    return this.#view;
  }

  /** Learns who is pending after changes that were made. */
  noticePending(changes: Iterable<PeerChange>): void {
    this.#firstSeen.note(changes);
  }

  close(): void {
    if (this.#lock !== undefined) this.#attempt('save when keys were first seen', () => this.#firstSeen.save());
    this.#lock?.release();
    this.#lock = undefined;
    this.#view = undefined;
  }

  /** Whoever registers again starts anew. A mark that stays costs a router that does not connect one pass. */
  forgetMarks(keys: Iterable<PublicKey>): void {
    this.#attempt('forget marks', () => this.#stateFile.forgetMarks(keys));
  }

  /** Writes down who is alive, for the next start. */
  async remember(): Promise<void> {
    this.close();
    const { view } = await this.open();
    const state = this.#stateFile.read();
    const alive = this.#collectAlive(view.peers.ours.values(), state);
    if (alive.size + state.alive.size > 0) this.#stateFile.write({ ...state, alive, interfaces: this.#interfaces });
  }

  /**
   * For a key that an operator is about to remove: nothing is to bring it back, nor those who went before it.
   * @throws Error where that cannot be written down.
   */
  forget(key: PublicKey): void {
    const state = this.#attempt('read the state', () => this.#stateFile.read());
    if (state === undefined || !(state.marks.has(key) || state.alive.has(key))) return;
    const others = [...(this.#view?.peers.ours.values() ?? [])].filter((peer) => peer.key !== key);
    const marks = new Map([...state.marks].filter(([marked]) => marked !== key));
    const alive = this.#collectAlive(others, state);
    this.#stateFile.write({ ...state, marks, alive, interfaces: this.#interfaces });
  }

  async #takeLock(): Promise<void> {
    this.close();
    this.#lock = await takeDomainLock(this.#config.runtime_directory, this.#domain.name);
    this.#lockedAtMilliseconds = performance.now();
  }

  #collectAlive(peers: Iterable<Peer>, { alive }: DomainState): Handshakes {
    return collectHandshakes(peers, alive, this.#config.cleanup.stale_after_seconds, readClock());
  }

  async #reviveOnLoss(peers: PeerTable): Promise<boolean> {
    this.#interfaces = await readInterfacesId(this.#domain);
    const now = { interfaces: this.#interfaces, peers };
    const state = this.#readState();
    if (!isForgetful(state, now)) return false;
    const hasChanged = await reviveDomain(this.#context(state));
    if (state.interfaces !== now.interfaces)
      this.#attempt('remember the new interfaces', () =>
        this.#stateFile.write({ ...state, interfaces: now.interfaces }),
      );
    return hasChanged;
  }

  #context({ alive }: DomainState): ReadingContext {
    return { domain: this.#domain, config: this.#config, log: this.#log, alive, firstSeen: this.#firstSeen.find };
  }

  /** Without it nobody is refused; the cleanup sets a damaged one aside. */
  #readState(): DomainState {
    return this.#attempt('read the state', () => this.#stateFile.read()) ?? EMPTY_STATE;
  }

  #attempt<T>(what: string, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#log.warn(`could not ${what}`, { domain: this.#domain.name, reason: describeError(error) });
      return undefined;
    }
  }
}
