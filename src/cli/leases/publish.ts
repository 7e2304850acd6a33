import { describeError } from '../../core/values/errors.ts';
import type { PreparedLetter } from '../../system/mail/outbox.ts';
import { complain } from '../terminal/print.ts';

/** Puts a letter into the outbox after its change. The change stands, and the next pass of the cleanup tries again. */
export function publish(letter: PreparedLetter): void {
  try {
    letter.publish();
  } catch (error) {
    complain(describeError(error));
  }
}
