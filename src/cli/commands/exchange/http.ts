import { REPLY_CODES, type ReplyCode } from '../../../core/exchange/exchange.ts';
import { describeError, InputError } from '../../../core/values/errors.ts';
import type { PublicKey } from '../../../core/values/public-key.ts';
import { quote } from '../../../core/values/quote.ts';

/** The reply of a gateway over HTTP. */
export interface HttpReply {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  readonly milliseconds: number;
  /** Undefined if it is not the reply of a gateway. */
  readonly code: ReplyCode | undefined;
  /** What a router would dial; undefined by v1. */
  readonly endpoint: Endpoint | undefined;
}

export interface Endpoint {
  readonly address: string;
  readonly port: string;
  readonly publicKey: string;
  readonly allowedIps: readonly string[];
}

/** Firmware gives up then. */
const DEADLINE_SECONDS = 30;
/** Longer than any reply, and enough to recognise a server that is not a gateway. */
const MAX_CHARACTERS = 1024;

/** The URL that a router of this version asks; one without a path stands for a gateway. @throws InputError */
export function parseGatewayUrl(text: string, version: 'v1' | 'v2'): URL {
  const url = tryUrl(text);
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new InputError(`Cannot read ${quote(text)}: expected a URL such as "http://gw1.example.org"`);
  if (url.pathname === '/') url.pathname = `/api/${version}/wg/key/exchange`;
  return url;
}

/** @throws Error with one line, if the gateway cannot be reached or does not answer in time. */
export async function postExchange(url: URL, domain: string, key: PublicKey): Promise<HttpReply> {
  const start = performance.now();
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ domain, public_key: key }),
      redirect: 'manual',
      signal: AbortSignal.timeout(DEADLINE_SECONDS * 1000),
    });
    const text = (await response.text()).slice(0, MAX_CHARACTERS);
    const milliseconds = Math.round(performance.now() - start);
    return { url: url.href, status: response.status, text, milliseconds, ...interpret(response.status, text) };
  } catch (error) {
    throw new Error(`Cannot ask ${url.href}: ${explain(error)}`, { cause: error });
  }
}

function interpret(status: number, text: string): Pick<HttpReply, 'code' | 'endpoint'> {
  const { Message, Endpoint, error } = parseObject(text);
  const endpoint = status === 200 ? readEndpoint(Endpoint) : undefined;
  if (status === 200) return { code: Message === 'OK' || endpoint !== undefined ? 'OK' : undefined, endpoint };
  const { code } = asObject(error);
  return { code: REPLY_CODES.find((one) => one !== 'OK' && one === code), endpoint };
}

function readEndpoint(value: unknown): Endpoint | undefined {
  const { Address: address, Port: port, PublicKey: publicKey, AllowedIPs: allowedIps } = asObject(value);
  const isEndpoint = [address, port, publicKey].every((part) => typeof part === 'string') && Array.isArray(allowedIps);
  if (!isEndpoint) return undefined;
  return {
    address: String(address),
    port: String(port),
    publicKey: String(publicKey),
    allowedIps: allowedIps.map(String),
  };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function tryUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** fetch says only "fetch failed"; its cause says why. */
function explain(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `timed out after ${DEADLINE_SECONDS} s`;
  const { cause = error } = error as { cause?: unknown };
  const [first = cause] = cause instanceof AggregateError ? cause.errors : [];
  return describeError(first);
}
