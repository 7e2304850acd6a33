import { createHash } from 'node:crypto';
import * as z from 'zod';
import { isLeaseId } from '../leases/credentials.ts';
import type { LeaseId, Token } from '../leases/lease.ts';
import { InputError } from '../values/errors.ts';
import { parseJsonOf } from '../values/json.ts';
import { type DomainName, isDomainName } from '../values/names.ts';
import type { UnixSeconds } from '../values/time.ts';
import { isEmailAddress } from './address.ts';

/** Where wgkex-mail keeps what it knows; its unit makes it. */
export const MAIL_STATE_DIRECTORY = '/var/lib/wgkex-mail';
/** The directory of the notes of sent letters, in {@link MAIL_STATE_DIRECTORY}. */
export const NOTES = 'sent';
/** The file there that says what waits, and why. */
export const PAUSES = 'pauses.json';
/** The directory of the letters, in the state directory of wgkex. */
export const OUTBOX = 'outbox';

const MAX_BYTES = 2048;
/** The end of the year 9999. */
const MAX_TIME = 253_402_300_799;
const MAX_DAYS = 10_000;
/** Of a token, so that two tokens of one lease are two letters. */
const TAG_CHARACTERS = 8;

const time = z.int().min(0).max(MAX_TIME);
const common = {
  id: z.custom<LeaseId>((id) => typeof id === 'string' && isLeaseId(id)),
  to: z.string().refine(isEmailAddress),
  domain: z.custom<DomainName>((name) => typeof name === 'string' && isDomainName(name)),
  /** The public address of the gateway's WireGuard, as the configuration has it. */
  endpoint: z.string().regex(/^[!-~]{1,300}$/),
};
const letterSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('grant'),
    ...common,
    token: z.custom<Token>((token) => typeof token === 'string' && /^[a-z2-7]{26}$/.test(token)),
    expires: time.optional(),
  }),
  z.strictObject({ kind: z.literal('extend'), ...common, expires: time.optional() }),
  z.strictObject({ kind: z.literal('remind'), ...common, expires: time, days: z.int().min(0).max(MAX_DAYS) }),
]);

/** A mail to the member who has a lease: it was granted, it was extended, or it ends in `days` days. */
export type Letter = z.infer<typeof letterSchema>;

/** What the name of a letter's file says. */
export interface LetterName {
  readonly id: LeaseId;
  readonly expires: UnixSeconds | undefined;
  readonly kind: Letter['kind'];
  /** Of a reminder. */
  readonly days: number | undefined;
}

const NAME =
  /^([a-z2-7]{8})\.(never|0|[1-9]\d{0,11})\.(?:(grant)-[0-9a-f]{8}|(extend)|(remind)-(0|[1-9]\d{0,4}))\.json$/;

/** The name of its file, which no other letter has: `abcdefgh.1790000000.remind-7.json`. */
export function nameLetter(letter: Letter): string {
  return `${letter.id}.${letter.expires ?? 'never'}.${nameKind(letter)}.json`;
}

function nameKind(letter: Letter): string {
  switch (letter.kind) {
    case 'grant':
      return `grant-${createHash('sha256').update(`wgkex letter v1\0${letter.token}`).digest('hex').slice(0, TAG_CHARACTERS)}`;
    case 'extend':
      return letter.kind;
    case 'remind':
      return `remind-${letter.days}`;
  }
}

/** Undefined for any other name. */
export function parseLetterName(name: string): LetterName | undefined {
  const [, id = '', end, grant, extend, remind, days] = name.match(NAME) ?? [];
  const kind = grant ?? extend ?? remind;
  if (!isLeaseId(id) || kind === undefined) return undefined;
  return {
    id,
    expires: end === 'never' ? undefined : Number(end),
    kind: kind as Letter['kind'],
    days: days === undefined ? undefined : Number(days),
  };
}

/** The text of its file. */
export function formatLetter(letter: Letter): string {
  return `${JSON.stringify(letterSchema.parse(letter))}\n`;
}

/** @throws InputError whose message has nothing of the text, which may have a token in it. */
export function parseLetter(text: string): Letter {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new InputError(`Cannot read letter: more than ${MAX_BYTES} bytes`);
  return parseJsonOf(letterSchema, text, 'letter');
}
