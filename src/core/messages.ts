import * as z from 'zod';
import { isDomainName } from './domain.ts';
import { type Exchange, REPLY_CODES, type ReplyCode } from './exchange.ts';
import { type IpAddress, parseIpAddress } from './ip-address.ts';
import { parseJsonOf } from './json.ts';
import { isPublicKey } from './public-key.ts';

/**
 * The lines between listener and handler: one JSON object each, in both directions, nothing else.
 * The handler greets with `{"ready":true}`; then every request gets one reply with its id, in any order.
 */
export const MESSAGE_BYTES = 512;

export interface Request extends Exchange {
  /** Chosen by the listener, counted up from 1. */
  readonly id: number;
}

export type HandlerMessage = { readonly ready: true } | { readonly id: number; readonly reply: ReplyCode };

/** The longest text of an IPv6 address (INET6_ADDRSTRLEN less its NUL). */
const ADDRESS_CHARACTERS = 45;

const requestSchema = z.strictObject({
  id: z.int().positive(),
  domain: z.string().refine(isDomainName),
  key: z.string().refine(isPublicKey),
  from: z.string().max(ADDRESS_CHARACTERS).refine(isCanonicalAddress),
});

const handlerMessageSchema = z.union([
  z.strictObject({ id: z.int().positive(), reply: z.enum(REPLY_CODES) }),
  z.strictObject({ ready: z.literal(true) }),
]);

/** @throws InputError for anything but a request. */
export function parseRequest(line: string): Request {
  return parseJsonOf(requestSchema, line, 'request') as Request;
}

/** @throws InputError for anything but what a handler says. */
export function parseHandlerMessage(line: string): HandlerMessage {
  return parseJsonOf(handlerMessageSchema, line, 'reply');
}

/** The line, its end included. */
export function formatMessage(message: Request | HandlerMessage): string {
  return `${JSON.stringify(message)}\n`;
}

function isCanonicalAddress(text: string): text is IpAddress {
  try {
    return parseIpAddress(text) === text;
  } catch {
    return false;
  }
}
