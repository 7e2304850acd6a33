import * as z from 'zod';
import { REPLY_CODES } from '../exchange/exchange.ts';
import { parseThirdLine } from '../leases/third-line.ts';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';
import { type DomainName, isDomainName } from '../values/names.ts';
import { isPublicKey, type PublicKey } from '../values/public-key.ts';

/** Each line that crosses the wall between the unprivileged side and root, in either direction, is a JSON object. */
export const REQUEST_BYTES = 512;
/** A member's configuration is in one of them. */
export const REPLY_BYTES = 4096;

const CONFIG_CHARACTERS = 2000;

/** The longest text of an IPv6 address (INET6_ADDRSTRLEN less its NUL). */
const ADDRESS_CHARACTERS = 45;

const domain = custom<DomainName>(isDomainName);
const count = z.int().nonnegative();
/** Chosen by the side that asks, counting up from 1. */
const id = z.int().positive();

const numbers = z.strictObject({
  alive: count,
  idle: count,
  stale: count,
  pending: count,
  static: count,
  /** Forwarding entries through the domain's WireGuard interface. */
  entries: count,
  /** Of the cleanup, since its state file was created. */
  passes: count,
  removals: count,
  /** When the last pass was, in seconds since 1970; 0 if there was none. */
  lastPass: count,
});

/** The numbers of a domain that only root can know: its peers by state, and other counts. */
export type DomainNumbers = Readonly<z.infer<typeof numbers>>;

const gateway = z.strictObject({
  port: z.int().min(1).max(65_535),
  publicKey: custom<PublicKey>(isPublicKey),
  linkAddress: custom<IpAddress>(isCanonicalAddress),
});

/** The configuration's choice of optional requests. */
export interface Permissions {
  readonly metrics: boolean;
  readonly http: boolean;
  readonly mqtt: boolean;
  /** Whether a domain has leases. */
  readonly leases: boolean;
}

interface Row {
  readonly request: z.ZodType;
  readonly reply: z.ZodType;
  readonly isPermitted: (permissions: Permissions) => boolean;
}

/**
 * Every request to root, its reply, and where it is permitted. The handler greets with the types that it answers; then
 * each request gets one reply of its type with its id, in any order. Root's side ends on anything else.
 */
export const REQUESTS = {
  /** Admit this key to that domain. */
  exchange: {
    request: z.strictObject({
      type: z.literal('exchange'),
      id,
      domain,
      key: custom<PublicKey>(isPublicKey),
      from: custom<IpAddress>(isCanonicalAddress).exactOptional(),
      hearsay: z.literal(true).exactOptional(),
      broadcast: z.literal(true).exactOptional(),
      look: z.literal(true).exactOptional(),
    }),
    reply: z.strictObject({ type: z.literal('exchange'), id, code: z.enum(REPLY_CODES) }),
    isPermitted: () => true,
  },
  /** Admit this key to that domain, by a lease. `name` is the domain as it was sent, `proof` the third line. */
  lease: {
    request: z.strictObject({
      type: z.literal('lease'),
      id,
      domain,
      name: domain,
      key: custom<PublicKey>(isPublicKey),
      from: custom<IpAddress>(isCanonicalAddress).exactOptional(),
      proof: z.string().refine((text) => parseThirdLine(text) !== undefined),
    }),
    reply: z.strictObject({
      type: z.literal('lease'),
      id,
      code: z.enum(REPLY_CODES),
      grant: z
        .strictObject({
          config: z.base64().max(CONFIG_CHARACTERS),
          proof: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
        })
        .exactOptional(),
    }),
    isPermitted: ({ leases }) => leases,
  },
  /** Null if the domain cannot be read. */
  numbers: {
    request: z.strictObject({ type: z.literal('numbers'), id, domain }),
    reply: z.strictObject({ type: z.literal('numbers'), id, numbers: numbers.nullable() }),
    isPermitted: ({ metrics, mqtt }) => metrics || mqtt,
  },
  /** What a router needs to know for a tunnel; null if the domain cannot be read, or has no link-local address. */
  gateway: {
    request: z.strictObject({ type: z.literal('gateway'), id, domain }),
    reply: z.strictObject({ type: z.literal('gateway'), id, gateway: gateway.nullable() }),
    isPermitted: ({ http, mqtt }) => http || mqtt,
  },
} as const satisfies Record<string, Row>;

type Requests = typeof REQUESTS;
export type RequestType = keyof Requests;
export type RequestOf<T extends RequestType> = Readonly<z.infer<Requests[T]['request']>>;
export type ReplyOf<T extends RequestType> = Readonly<z.infer<Requests[T]['reply']>>;
/** A request and its reply without the fields that only their lines need. */
export type Question<T extends RequestType> = Omit<RequestOf<T>, 'type' | 'id'>;
export type Answer<T extends RequestType> = Omit<ReplyOf<T>, 'type' | 'id'>;
/** A member's request, and the reply. */
export type LeaseExchange = Question<'lease'>;
export type Granted = Answer<'lease'>;
export type Request = { [T in RequestType]: RequestOf<T> }[RequestType];
export type Reply = { [T in RequestType]: ReplyOf<T> }[RequestType];

const REQUEST_TYPES = Object.keys(REQUESTS) as RequestType[];

const greeting = z.strictObject({ type: z.literal('ready'), answers: z.array(z.enum(REQUEST_TYPES)) });
/** Sent without a request, if there are metrics: how many exchanges of a domain were served together. */
const batch = z.strictObject({ type: z.literal('batch'), domain, exchanges: z.int().positive() });
const handlerMessage = z.discriminatedUnion('type', [
  greeting,
  batch,
  REQUESTS.exchange.reply,
  REQUESTS.lease.reply,
  REQUESTS.numbers.reply,
  REQUESTS.gateway.reply,
]);

export type Greeting = Readonly<z.infer<typeof greeting>>;
export type BatchNote = Readonly<z.infer<typeof batch>>;
export type HandlerMessage = Greeting | BatchNote | Reply;

export function findPermitted(permissions: Permissions): RequestType[] {
  return REQUEST_TYPES.filter((type) => REQUESTS[type].isPermitted(permissions));
}

/** Parses a line as one of these requests, or throws an InputError. */
export function buildRequestParser(types: readonly RequestType[]): (line: string) => Request {
  const schemas = types.map((type) => REQUESTS[type].request);
  const schema = z.discriminatedUnion('type', schemas as [(typeof schemas)[number]]);
  return (line) => parseJsonOf(schema, line, 'request');
}

/** @throws InputError for anything but a handler's message. */
export function parseHandlerMessage(line: string): HandlerMessage {
  return parseJsonOf(handlerMessage, line, 'reply');
}

/** The line, including its end. */
export function formatMessage(message: Request | HandlerMessage): string {
  return `${JSON.stringify(message)}\n`;
}

function custom<T extends string>(is: (text: string) => text is T) {
  return z.custom<T>((value) => typeof value === 'string' && is(value));
}

function isCanonicalAddress(text: string): text is IpAddress {
  try {
    return text.length <= ADDRESS_CHARACTERS && parseIpAddress(text) === text;
  } catch {
    return false;
  }
}
