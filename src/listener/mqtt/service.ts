import { type Config, isMesh } from '../../config/config.ts';
import type { Census } from '../../core/fleet/census.ts';
import { InputError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Desk } from '../desk.ts';
import type { OwnFacts } from './announcer.ts';
import type { Journal, Member } from './member.ts';

/** Membership in a fleet, if the configuration has `[mqtt]`. Otherwise nothing of it is loaded. */
export class MqttService {
  readonly #desk: Desk;
  readonly #facts: OwnFacts;
  readonly #journal: Journal;
  #member: Member | undefined;
  /** The settings of the connection. */
  #connection = '';

  constructor(desk: Desk, facts: OwnFacts, journal: Journal) {
    this.#desk = desk;
    this.#facts = facts;
    this.#journal = journal;
  }

  get isUp(): boolean {
    return this.#member?.isUp === true;
  }

  /** The gateways that are known, by domain. */
  countGateways(): ReadonlyMap<DomainName, Census> {
    return this.#member?.countGateways() ?? new Map();
  }

  /** Joins the fleet, leaves it, or says what is new; the connection stays where its settings do. */
  async configure(all: Config): Promise<void> {
    // A lease is bound on the gateway that granted it.
    const config = { ...all, domains: new Map([...all.domains].filter(([, domain]) => isMesh(domain))) };
    const connection = JSON.stringify(config.mqtt) ?? '';
    if (connection === this.#connection) {
      this.#member?.configure(config);
      return;
    }
    await this.stop();
    this.#connection = connection;
    if (config.mqtt === undefined) return;
    const { Member } = await import('./member.ts');
    try {
      this.#member = new Member(config, this.#desk, this.#facts, this.#journal);
      this.#desk.fleet = this.#member;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#journal.log.report('mqtt problem', { reason: error.message });
    }
  }

  /** From now on no other machine sends routers here. */
  async leave(): Promise<void> {
    await this.#member?.leave();
  }

  async stop(): Promise<void> {
    const member = this.#member;
    this.#member = undefined;
    this.#desk.fleet = undefined;
    await member?.stop();
  }
}
