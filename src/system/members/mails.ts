import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { LeaseSettings } from '../../config/domains.ts';
import type { Lease, LeaseId, Token } from '../../core/leases/lease.ts';
import { deriveSecret } from '../../core/leases/proof.ts';
import {
  type Letter,
  type LetterName,
  MAIL_STATE_DIRECTORY,
  NOTES,
  nameLetter,
  OUTBOX,
} from '../../core/mail/letter.ts';
import { findReminder } from '../../core/mail/reminders.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import type { LeaseTable } from '../leases/lease-table.ts';
import { dropNotes } from '../mail/notes.ts';
import {
  clearSent,
  dropUntrue,
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

  /**
   * Prepared before the row is written, and published after it, in place of one with an earlier token.
   * @throws Error if it cannot be written.
   */
  prepareGrant(lease: Pick<Lease, 'id' | 'email' | 'expires'>, token: Token): PreparedLetter {
    return this.#prepare(lease, (common) => ({ kind: 'grant', ...common, token }));
  }

  /** Likewise. */
  prepareExtension(lease: Pick<Lease, 'id' | 'email' | 'expires'>): PreparedLetter {
    return this.#prepare(lease, (common) => ({ kind: 'extend', ...common }));
  }

  /** Takes back the letters about a lease that wait; with `kind` only those. */
  withdraw(id: LeaseId, kind?: Letter['kind']): void {
    if (this.#isUsed) withdrawLetters(this.#outbox, (one) => one.id === id && one.kind === (kind ?? one.kind));
  }

  /**
   * What a pass of the cleanup does about mails, under the lock of the domain: it finishes what was interrupted, notes in
   * the table what was sent, takes back what is not true any more, and writes the reminders that are due.
   */
  async keep(table: LeaseTable, now: UnixSeconds): Promise<void> {
    const { leased, name } = this.#domain;
    if (!this.#isUsed || leased === undefined) return;
    const leases = new Map((await table.list({ domain: name })).map((lease) => [lease.id, lease]));
    finishLetters(this.#outbox, name, (letter) => isTrue(letter, leases.get(letter.id)));
    // Only reminders leave a mark, which is for the pass of their own domain to set.
    const isMeant = ({ id, kind }: LetterName) => kind !== 'remind' || leases.has(id);
    for (const { id, expires, days } of clearSent(this.#outbox, this.#notes, isMeant)) {
      const lease = leases.get(id);
      if (days === undefined || expires === undefined || lease?.expires !== expires) continue;
      const reminded = [...new Set([...lease.reminded, days])];
      await table.setReminded(id, reminded, expires);
      leases.set(id, { ...lease, reminded });
    }
    // A table without the lease may be the wrong one.
    dropUntrue(this.#outbox, name, (letter) => leases.has(letter.id) && !isTrue(letter, leases.get(letter.id)));
    for (const lease of leases.values()) this.#remind(lease, findReminder(lease, leased.remind_days, now));
    const ended = [...leases.values()].filter((lease) => lease.ended !== undefined);
    dropNotes(this.#notes, new Set(ended.map(({ id }) => id)));
  }

  #remind(lease: Lease, days: number | undefined): void {
    const { email: to, id, expires } = lease;
    const { leased, name } = this.#domain;
    if (days === undefined || to === undefined || expires === undefined || leased === undefined) return;
    const letter: Letter = { kind: 'remind', id, to, domain: name, endpoint: leased.endpoint, expires, days };
    this.#withdrawEarlier(letter);
    writeLetter(this.#outbox, letter);
  }

  #prepare(
    { id, email: to, expires }: Pick<Lease, 'id' | 'email' | 'expires'>,
    build: (common: Common) => Letter,
  ): PreparedLetter {
    const { leased, name } = this.#domain;
    if (!this.#isUsed || to === undefined || leased === undefined) return NOTHING;
    const end = expires === undefined ? {} : { expires };
    const letter = build({ id, to, domain: name, endpoint: leased.endpoint, ...end });
    const prepared = prepareLetter(this.#outbox, letter);
    const publish = () => {
      this.#withdrawEarlier(letter);
      return prepared.publish();
    };
    return { ...prepared, publish };
  }

  /** Of several letters of a kind that wait, a member needs the newest alone. */
  #withdrawEarlier(letter: Letter): void {
    const { id, kind } = letter;
    const name = nameLetter(letter);
    withdrawLetters(this.#outbox, (one, file) => one.id === id && one.kind === kind && file !== name);
  }
}

type Common = Omit<Extract<Letter, { kind: 'extend' }>, 'kind'>;

/** Whether the lease is as a letter says; one with the right token is worth its while although the end date has changed. */
function isTrue(letter: Letter, lease: Lease | undefined): boolean {
  if (lease === undefined || lease.ended !== undefined) return false;
  return letter.kind === 'grant' ? deriveSecret(letter.token) === lease.secret : letter.expires === lease.expires;
}
