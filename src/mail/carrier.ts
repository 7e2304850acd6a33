import type { Message } from './message.ts';

/** The way out for mails. */
export interface Carrier {
  /**
   * Resolves once somebody else is responsible for the mail.
   * @throws RefusedError if it was this mail that was refused; any other error concerns all mails.
   */
  send(message: Message): Promise<void>;
}

/** The other mails may still be accepted. */
export class RefusedError extends Error {
  override name = 'RefusedError';
}
