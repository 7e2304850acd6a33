import * as z from 'zod';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';
import { isPublicKey, type PublicKey } from '../values/public-key.ts';
import { type InstanceName, parseInstanceName } from './instance.ts';

/**
 * The wall between wgkex-join, which talks to strangers, and wgkex-tunnel, which is root: JSON objects, one a line. The
 * first line down names the instance, the first line up greets; then each request gets one reply of its type with its
 * id, in order. Either side ends at anything else.
 */
export const DOWN_BYTES = 4096;
export const UP_BYTES = 4096;

const CONFIG_CHARACTERS = 2000;
const PROOF_CHARACTERS = 43;
const GATEWAY_CHARACTERS = 300;
const REASON_CHARACTERS = 1000;
const ADDRESS_CHARACTERS = 45;

const count = z.number().nonnegative();
/** Chosen by the side that asks, counting up from 1. */
const id = z.int().positive();
const port = z.int().min(1).max(65_535);
/** As root's file has it: `gw1.example.org:10012`. */
const gateway = z.string().min(1).max(GATEWAY_CHARACTERS);
const address = custom<IpAddress>(isCanonicalAddress);
const reason = z.string().min(1).max(REASON_CHARACTERS);

export const VIA = ['udp', 'tcp'] as const;
export type Via = (typeof VIA)[number];

/** Where WireGuard sends: the gateway's address, or 127.0.0.1 and the port of the relay's client. */
export const endpointSchema = z.strictObject({ address, port });
export type Endpoint = Readonly<z.infer<typeof endpointSchema>>;

const begin = z.strictObject({ type: z.literal('begin'), name: custom<InstanceName>(isInstanceName) });

/** What the tunnel is like now. */
const look = z.strictObject({
  /** Whether the interface of this instance is there, made by wgkex-tunnel. */
  isUp: z.boolean(),
  /** The gateway of the configuration that is in use; absent if there is none. */
  gateway: gateway.exactOptional(),
  via: z.enum(VIA).exactOptional(),
  /** Seconds since 1970, as `wg` reports it; 0 if there never was one. */
  handshake: count,
  received: count,
  sent: count,
  /** End date of the lease; absent if it has none. */
  expires: count.exactOptional(),
  /** `HOST:PORT` of the gateway's relay; absent if it has none. */
  relay: gateway.exactOptional(),
  addresses: z.array(address).max(2),
});
export type Look = Readonly<z.infer<typeof look>>;

/** What the gateway gets besides domain and key. */
const ticket = z.strictObject({
  key: custom<PublicKey>(isPublicKey),
  line: z.string().length(61),
});
export type TicketLines = Readonly<z.infer<typeof ticket>>;

interface Row {
  readonly request: z.ZodType;
  readonly reply: z.ZodType;
}

export const CLIENT_REQUESTS = {
  /** The key, and a third line with a proof whose nonce root has just made: a reply to another one is worth nothing. */
  ticket: {
    request: z.strictObject({ type: z.literal('ticket'), id }),
    reply: z.union([
      z.strictObject({ type: z.literal('ticket'), id, ticket }),
      z.strictObject({ type: z.literal('ticket'), id, refused: reason }),
    ]),
  },
  /** A gateway's reply to the latest ticket. Root checks its proof and its contents, and brings the tunnel up or changes it. */
  up: {
    request: z.strictObject({
      type: z.literal('up'),
      id,
      gateway,
      config: z.string().min(1).max(CONFIG_CHARACTERS),
      proof: z.string().length(PROOF_CHARACTERS),
      endpoint: endpointSchema,
      via: z.enum(VIA),
    }),
    reply: z.union([
      z.strictObject({ type: z.literal('up'), id, look }),
      z.strictObject({ type: z.literal('up'), id, refused: reason }),
    ]),
  },
  look: {
    request: z.strictObject({ type: z.literal('look'), id }),
    reply: z.union([
      z.strictObject({ type: z.literal('look'), id, look }),
      z.strictObject({ type: z.literal('look'), id, refused: reason }),
    ]),
  },
  /** Takes the tunnel down, and all that belongs to it. */
  down: {
    request: z.strictObject({ type: z.literal('down'), id }),
    reply: z.union([
      z.strictObject({ type: z.literal('down'), id }),
      z.strictObject({ type: z.literal('down'), id, refused: reason }),
    ]),
  },
} as const satisfies Readonly<Record<string, Row>>;

export type ClientRequestType = keyof typeof CLIENT_REQUESTS;
export type ClientRequest = Readonly<z.infer<(typeof CLIENT_REQUESTS)[ClientRequestType]['request']>>;
export type ClientReply = Readonly<z.infer<(typeof CLIENT_REQUESTS)[ClientRequestType]['reply']>>;
export type RequestOf<T extends ClientRequestType> = Readonly<z.infer<(typeof CLIENT_REQUESTS)[T]['request']>>;
export type ReplyOf<T extends ClientRequestType> = Readonly<z.infer<(typeof CLIENT_REQUESTS)[T]['reply']>>;

const greeting = z.strictObject({ type: z.literal('ready') });

const requestSchema = z.union([
  CLIENT_REQUESTS.ticket.request,
  CLIENT_REQUESTS.up.request,
  CLIENT_REQUESTS.look.request,
  CLIENT_REQUESTS.down.request,
]);
const replySchema = z.union([
  greeting,
  CLIENT_REQUESTS.ticket.reply,
  CLIENT_REQUESTS.up.reply,
  CLIENT_REQUESTS.look.reply,
  CLIENT_REQUESTS.down.reply,
]);

/** @throws InputError */
export function parseBegin(line: string): InstanceName {
  return parseJsonOf(begin, line, 'the first line').name;
}

/** @throws InputError */
export function parseClientRequest(line: string): ClientRequest {
  return parseJsonOf(requestSchema, line, 'request');
}

/** @throws InputError */
export function parseClientReply(line: string): ClientReply | Readonly<z.infer<typeof greeting>> {
  return parseJsonOf(replySchema, line, 'reply');
}

export function formatClientMessage(message: object): string {
  return `${JSON.stringify(message)}\n`;
}

function isCanonicalAddress(text: string): text is IpAddress {
  try {
    return text.length <= ADDRESS_CHARACTERS && parseIpAddress(text) === text;
  } catch {
    return false;
  }
}

function isInstanceName(text: string): text is InstanceName {
  try {
    return parseInstanceName(text) === text;
  } catch {
    return false;
  }
}

function custom<T extends string>(is: (text: string) => text is T) {
  return z.custom<T>((value) => typeof value === 'string' && is(value));
}
