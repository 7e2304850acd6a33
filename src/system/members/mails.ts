import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { LeaseSettings } from '../../config/domains.ts';
import type { Lease, LeaseId, Token } from '../../core/leases/lease.ts';
import { deriveSecret } from '../../core/leases/proof.ts';
import { type Letter, MAIL_STATE_DIRECTORY, NOTES, OUTBOX } from '../../core/mail/letter.ts';
import { findReminder } from '../../core/mail/reminders.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import type { LeaseTable } from '../leases/lease-table.ts';
import { dropNotes } from '../mail/notes.ts';
import {
  clearSent,
  finishLetters,
  type PreparedLetter,
  prepareLetter,
  withdrawLetters,
  writeLetter,
} from '../mail/outbox.ts';

/** What a letter says of the domain. */
interface MailDomain {
  readonly name: DomainName;
  readonly leased?: LeaseSettings | undefined;
}

const NOTHING: PreparedLetter = { publish: () => false, discard: () => {} };

/** The letters to the members of a domain. Without `[mail]` nobody would send them, and there are none. */
export class Mails {
  readonly #domain: MailDomain;
  readonly #isUsed: boolean;
  readonly #outbox: string;
  readonly #notes = join(MAIL_STATE_DIRECTORY, NOTES);

  constructor(domain: MailDomain, { mail, state_directory }: Pick<Config, 'mail' | 'state_directory'>) {
    this.#domain = domain;
    this.#isUsed = mail !== undefined && domain.leased !== undefined;
    this.#outbox = join(state_directory, OUTBOX);
  }

  /** Prepared before the row is written, and published after it. @throws Error if it cannot be written. */
  prepareGrant(lease: Pick<Lease, 'id' | 'email' | 'expires'>, token: Token): PreparedLetter {
    return this.#prepare(lease, (common) => ({ kind: 'grant', ...common, token }));
  }

  /** Likewise. */
  prepareExtension(lease: Pick<Lease, 'id' | 'email' | 'expires'>): PreparedLetter {
    return this.#prepare(lease, (common) => ({ kind: 'extend', ...common }));
  }

  /** Takes back letters about a lease that are not true any more; without `kind` all. */
  withdraw(id: LeaseId, kind?: Letter['kind']): void {
    if (this.#isUsed) withdrawLetters(this.#outbox, (one) => one.id === id && one.kind === (kind ?? one.kind));
  }

  /**
   * What a pass of the cleanup does about mails, under the lock of the domain: it finishes what was interrupted, notes in
   * the table what was sent, and writes the reminders that are due.
   */
  async keep(table: LeaseTable, now: UnixSeconds): Promise<void> {
    const { leased, name } = this.#domain;
    if (!this.#isUsed || leased === undefined) return;
    const leases = new Map((await table.list({ domain: name })).map((lease) => [lease.id, lease]));
    await finishLetters(this.#outbox, name, async (letter) => isTrue(letter, leases.get(letter.id)));
    for (const { id, kind, expires, days = 0 } of clearSent(this.#outbox, this.#notes, ({ id }) => leases.has(id))) {
      if (kind !== 'remind' || expires === undefined) continue;
      const { reminded = [] } = leases.get(id) ?? {};
      await table.setReminded(id, [...new Set([...reminded, days])], expires);
    }
    for (const lease of leases.values()) this.#remind(lease, findReminder(lease, leased.remind_days, now));
    const ended = [...leases.values()].filter((lease) => lease.ended !== undefined);
    dropNotes(this.#notes, new Set(ended.map(({ id }) => id)));
  }

  #remind(lease: Lease, days: number | undefined): void {
    const { email: to, id, expires } = lease;
    const { leased, name } = this.#domain;
    if (days === undefined || to === undefined || expires === undefined || leased === undefined) return;
    writeLetter(this.#outbox, { kind: 'remind', id, to, domain: name, endpoint: leased.endpoint, expires, days });
  }

  #prepare(
    { id, email: to, expires }: Pick<Lease, 'id' | 'email' | 'expires'>,
    build: (common: Common) => Letter,
  ): PreparedLetter {
    const { leased, name } = this.#domain;
    if (!this.#isUsed || to === undefined || leased === undefined) return NOTHING;
    const end = expires === undefined ? {} : { expires };
    return prepareLetter(this.#outbox, build({ id, to, domain: name, endpoint: leased.endpoint, ...end }));
  }
}

type Common = Omit<Extract<Letter, { kind: 'extend' }>, 'kind'>;

/** Whether the change that a letter is about was made. */
function isTrue(letter: Letter, lease: Lease | undefined): boolean {
  if (lease === undefined || lease.ended !== undefined || lease.expires !== letter.expires) return false;
  return letter.kind !== 'grant' || deriveSecret(letter.token) === lease.secret;
}
