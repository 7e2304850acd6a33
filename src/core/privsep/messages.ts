import * as z from 'zod';
import { type Exchange, REPLY_CODES, type ReplyCode } from '../exchange/exchange.ts';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';
import { type DomainName, isDomainName } from '../values/names.ts';
import { isPublicKey } from '../values/public-key.ts';

/**
 * The lines between listener and handler: one JSON object each, in both directions, nothing else.
 * The handler greets with `{"ready":true}`; then every request gets one reply with its id, in any order.
 * Where the configuration asks for metrics it greets with `{"ready":true,"metrics":true}`. Then it also tells of each
 * batch that it serves, and takes requests for the numbers of a domain.
 */
export const MESSAGE_BYTES = 512;

export interface Request extends Exchange {
  /** Chosen by the listener, counted up from 1. */
  readonly id: number;
}

/** What the listener asks for when it is asked for metrics. */
export interface NumbersRequest {
  readonly id: number;
  readonly numbers: DomainName;
}

const countSchema = z.int().nonnegative();
const numbersSchema = z.strictObject({
  alive: countSchema,
  idle: countSchema,
  stale: countSchema,
  pending: countSchema,
  static: countSchema,
  /** Forwarding entries through the domain's WireGuard interface. */
  entries: countSchema,
  /** Of the cleanup, since its state was begun. */
  passes: countSchema,
  removals: countSchema,
  /** When the last pass was, in seconds since 1970; 0 where there was none. */
  lastPass: countSchema,
});

/** What only root can know of a domain: its peers by their state, and what else is counted. */
export type DomainNumbers = Readonly<z.infer<typeof numbersSchema>>;

export type Greeting = { readonly ready: true; readonly metrics?: true };
export type Reply = { readonly id: number; readonly reply: ReplyCode };
/** `null` where the domain cannot be read. */
export type NumbersReply = { readonly id: number; readonly numbers: DomainNumbers | null };
export type BatchNote = { readonly batch: DomainName; readonly exchanges: number };
export type HandlerMessage = Greeting | Reply | NumbersReply | BatchNote;

/** The longest text of an IPv6 address (INET6_ADDRSTRLEN less its NUL). */
const ADDRESS_CHARACTERS = 45;

const idSchema = z.int().positive();
const domainSchema = z.string().refine(isDomainName);
const requestSchema = z.strictObject({
  id: idSchema,
  domain: domainSchema,
  key: z.string().refine(isPublicKey),
  from: z.string().max(ADDRESS_CHARACTERS).refine(isCanonicalAddress),
  look: z.literal(true).exactOptional(),
});
const anyRequestSchema = z.union([requestSchema, z.strictObject({ id: idSchema, numbers: domainSchema })]);
const handlerMessageSchema = z.union([
  z.strictObject({ id: idSchema, reply: z.enum(REPLY_CODES) }),
  z.strictObject({ batch: domainSchema, exchanges: z.int().positive() }),
  z.strictObject({ id: idSchema, numbers: numbersSchema.nullable() }),
  z.strictObject({ ready: z.literal(true), metrics: z.literal(true).exactOptional() }),
]);

/** @throws InputError for anything but a request. */
export function parseRequest(line: string): Request {
  return parseJsonOf(requestSchema, line, 'request') as Request;
}

/** For a handler that greeted with metrics. @throws InputError for anything but a request of either kind. */
export function parseAnyRequest(line: string): Request | NumbersRequest {
  return parseJsonOf(anyRequestSchema, line, 'request') as Request | NumbersRequest;
}

/** @throws InputError for anything but what a handler says. */
export function parseHandlerMessage(line: string): HandlerMessage {
  return parseJsonOf(handlerMessageSchema, line, 'reply') as HandlerMessage;
}

/** The line, its end included. */
export function formatMessage(message: Request | NumbersRequest | HandlerMessage): string {
  return `${JSON.stringify(message)}\n`;
}

function isCanonicalAddress(text: string): text is IpAddress {
  try {
    return parseIpAddress(text) === text;
  } catch {
    return false;
  }
}
