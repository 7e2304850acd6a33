import * as z from 'zod';
import { REPLY_CODES } from '../exchange/exchange.ts';
import { InputError } from '../values/errors.ts';
import { type IpAddress, isTunnelAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';
import { type DomainName, isDomainName, isHostName } from '../values/names.ts';
import { isPublicKey, type PublicKey } from '../values/public-key.ts';
import { MAX_WEIGHT, PAYLOAD_BYTES } from './limits.ts';

const ADDRESS_CHARACTERS = 45;

const is = <T extends string>(check: (text: string) => text is T) =>
  z.custom<T>((value) => typeof value === 'string' && check(value));
const word = z.string().regex(/^[!-~]{1,64}$/);
const count = z.int().min(0).max(1_000_000_000);
const domain = is<DomainName>(isDomainName);
/** 128 random bits. */
const id = z.string().regex(/^[0-9a-f]{32}$/);

const state = z.object({
  /** Of wgkex. */
  version: word,
  /** Differs from process to process: two machines with one id find out by it. */
  instance: id.optional(),
  /** By the sender's clock, which may be wrong. */
  sent_at: z.number().min(0),
  /** When its connection to the broker began, by the same clock. */
  since: z.number().min(0).optional(),
  name: is((text): text is string => isHostName(text)),
  weight: z.number().min(0).max(MAX_WEIGHT),
  location: word.optional(),
  names: z.array(domain),
  port: z.int().min(1).max(65_535),
  public_key: is<PublicKey>(isPublicKey),
  link_address: is<IpAddress>(isLinkAddress),
  alive: count,
  peers: count,
  max_peers: count,
});

const exchange = z.object({
  id,
  domain,
  key: is<PublicKey>(isPublicKey),
  from: is<IpAddress>(isCanonicalAddress).optional(),
});

const reply = z.object({ id, reply: z.enum(REPLY_CODES) });

/** What a gateway says about one of its domains. */
export type GatewayState = Readonly<z.infer<typeof state>>;
/** What a front asks a gateway. */
export type FleetExchange = Readonly<z.infer<typeof exchange>>;
export type FleetReply = Readonly<z.infer<typeof reply>>;

/** Fields that are not known are left out, so that a newer gateway does not vanish. @throws InputError */
export function parseState(payload: Uint8Array): GatewayState {
  return parsePayload(state, payload, 'state');
}

/** @throws InputError */
export function parseFleetExchange(payload: Uint8Array): FleetExchange {
  return parsePayload(exchange, payload, 'exchange');
}

/** @throws InputError */
export function parseFleetReply(payload: Uint8Array): FleetReply {
  return parsePayload(reply, payload, 'reply');
}

export function formatPayload(payload: GatewayState | FleetExchange | FleetReply): string {
  return JSON.stringify(payload);
}

function parsePayload<T>(schema: z.ZodType<T>, payload: Uint8Array, what: string): T {
  if (payload.length > PAYLOAD_BYTES)
    throw new InputError(`Cannot read ${what}: ${payload.length} bytes, expected at most ${PAYLOAD_BYTES}`);
  return parseJsonOf(schema, new TextDecoder().decode(payload), what);
}

/** Of the link between a router and its gateway. */
export function isLinkAddress(text: string): text is IpAddress {
  return isCanonicalAddress(text) && isTunnelAddress(text);
}

/** As the kernel spells it. */
export function isCanonicalAddress(text: string): text is IpAddress {
  try {
    return text.length <= ADDRESS_CHARACTERS && parseIpAddress(text) === text;
  } catch {
    return false;
  }
}
