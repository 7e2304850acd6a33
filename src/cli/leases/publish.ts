import { describeError } from '../../core/values/errors.ts';
import type { PreparedLetter } from '../../system/mail/outbox.ts';
import type { Mails } from '../../system/members/mails.ts';
import { complain } from '../terminal/print.ts';

/** Puts a letter into the outbox after its change. The change stands, and the next pass of the cleanup tries again. */
export function publish(letter: PreparedLetter): void {
  orComplain(() => letter.publish());
}

/** Takes back letters after a change that made them untrue; likewise. */
export function withdraw(mails: Mails, ...which: Parameters<Mails['withdraw']>): void {
  orComplain(() => mails.withdraw(...which));
}

function orComplain(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    complain(describeError(error));
  }
}
