import type { Config } from '../config/config.ts';
import { formatCredentials } from '../core/leases/credentials.ts';
import type { Sender } from '../core/mail/address.ts';
import { type Letter, nameLetter } from '../core/mail/letter.ts';
import type { UnixSeconds } from '../core/values/time.ts';
import type { Facts, Words } from './words.ts';
import { GERMAN } from './words-de.ts';
import { ENGLISH } from './words-en.ts';

export type MailSettings = NonNullable<Config['mail']>;

/** A mail as a carrier takes it; the names are those of nodemailer. */
export interface Message {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same each time that the letter is sent. */
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
}

const LANGUAGES: Record<MailSettings['language'], Words> = { en: ENGLISH, de: GERMAN };

/** `findOffset` gives the minutes that the gateway's clock is ahead of UTC at a time. */
export function buildMessage(
  letter: Letter,
  { from, language }: { readonly from: Sender; readonly language: MailSettings['language'] },
  findOffset: (time: UnixSeconds) => number,
): Message {
  const words = LANGUAGES[language];
  const { subject, lines } = words.letters[letter.kind];
  const facts: Facts = {
    domain: letter.domain,
    endpoint: letter.endpoint,
    end: letter.expires === undefined ? undefined : describeTime(letter.expires, words, findOffset(letter.expires)),
    code: letter.kind === 'grant' ? formatCredentials(letter.id, letter.token) : '',
  };
  return {
    from: { name: from.name ?? '', address: from.address },
    to: letter.to,
    subject: subject(facts),
    text: `${lines(facts).join('\n')}\n`,
    messageId: buildMessageId(letter, from.address),
    // RFC 3834: no vacation program answers.
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

function buildMessageId(letter: Letter, from: string): string {
  const [, domain] = from.split('@');
  return `<${nameLetter(letter).replace(/\.json$/, '')}@${domain}>`;
}

function describeTime(time: UnixSeconds, words: Words, offset: number): string {
  const local = new Date((time + offset * 60) * 1000);
  return words.describeMoment({
    day: local.getUTCDate(),
    month: local.getUTCMonth(),
    year: local.getUTCFullYear(),
    time: local.toISOString().slice(11, 16),
    zone: describeZone(offset),
  });
}

/** `UTC`, `UTC+1`, `UTC-3:30`. */
function describeZone(offset: number): string {
  const minutes = Math.abs(offset);
  const rest = minutes % 60 === 0 ? '' : `:${String(minutes % 60).padStart(2, '0')}`;
  return offset === 0 ? 'UTC' : `UTC${offset < 0 ? '-' : '+'}${Math.floor(minutes / 60)}${rest}`;
}
