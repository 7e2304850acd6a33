import type { ErrorCode, Grant, Wanted } from './exchange.ts';
import type { Gateway } from './gateway.ts';
import { REPLIES } from './replies.ts';

/** Errors of a request that was understood; everything else has a status and no body. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  NO_DOMAIN: 400,
  NO_WGKEY: 400,
  INVALID_DOMAIN: 400,
  INVALID_WGKEY: 400,
  LINE_TOO_LONG: 400,
  NO_TOKEN: 401,
  INVALID_TOKEN: 403,
  EXPIRED: 403,
  TOKEN_USED: 409,
  PROHIBITED_WGKEY: 403,
  ADDRESS_TAKEN: 409,
  BUSY: 429,
  FULL: 503,
  FAILED: 503,
};

/** Neither a domain nor a key: for a field that is there but is not a text. */
const NO_TEXT = ' ';

/** A body for a router, with its status. */
export interface HttpReply {
  readonly status: number;
  readonly body: object;
}

/** What a router or a member sends by HTTP. */
export interface HttpWanted extends Wanted {
  /** Where it is. */
  readonly location?: string;
  /** For a domain with leases. */
  readonly proof?: string;
}

/**
 * The parts of a body, as they are: JSON with `domain` (or `segment`), `public_key`, and `location` or `proof` if there is
 * one. Everything is missing from a body that is not a JSON object.
 */
export function parseHttpBody(text: string, defaultDomain: string | undefined): HttpWanted {
  const fields = parseObject(text);
  const name = readText(fields, 'domain') ?? readText(fields, 'segment');
  const location = readText(fields, 'location');
  const proof = readText(fields, 'proof');
  const more = { ...(location !== undefined && { location }), ...(proof !== undefined && { proof }) };
  return { name: name ?? defaultDomain, key: readText(fields, 'public_key'), ...more };
}

/** For a router that needs to know only that its key was taken. */
export function describeSuccess(): HttpReply {
  return { status: 200, body: { Message: 'OK', status: 'OK' } };
}

/** For a router that asked which gateway it should dial. */
export function describeEndpoint({ name, port, publicKey, linkAddress }: Gateway): HttpReply {
  const endpoint = { Address: name, AllowedIPs: [linkAddress], Port: String(port), PublicKey: publicKey };
  return { status: 200, body: { Endpoint: endpoint } };
}

/** For a member. */
export function describeGrant({ config, proof }: Grant): HttpReply {
  return { status: 200, body: { Message: 'OK', config, proof } };
}

export function describeRefusal(code: ErrorCode): HttpReply {
  return { status: STATUS[code], body: { error: { code, message: REPLIES[code].meaning } } };
}

function parseObject(text: string): ReadonlyMap<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return new Map(typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []);
  } catch {
    return new Map();
  }
}

function readText(fields: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = fields.get(name) ?? undefined;
  return value === undefined || typeof value === 'string' ? value : NO_TEXT;
}
