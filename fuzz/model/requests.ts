import { isIPv4 } from 'node:net';
import { canonicaliseIpv6, isKey } from './key.ts';

/** A request as docs/design/privsep.md describes it. */
export interface Request {
  readonly type: 'exchange';
  readonly id: number;
  readonly domain: string;
  readonly key: string;
  readonly from?: string;
  readonly hearsay?: true;
  readonly broadcast?: true;
  readonly look?: true;
}

/** The other kind, which a handler accepts if it greeted with metrics. */
export interface NumbersRequest {
  readonly type: 'numbers';
  readonly id: number;
  readonly domain: string;
}

/** The correct reading of a handler's input. */
export interface Served<R = Request> {
  /** The requests of each chunk, up to the chunk with the first bad line. */
  readonly chunks: readonly (readonly R[])[];
  readonly end: 'good' | 'malformed' | 'in the middle of a line';
}

const LINE_BYTES = 512;
const NAME = /^[a-z0-9][-_a-z0-9]{0,31}$/;

/** Reads chunks in which a character is a byte. Nothing in the chunk with the first bad line is served. */
export function expectServed(chunks: readonly string[]): Served {
  return expectServedBy(readRequest, chunks);
}

/** The same for a handler with metrics. */
export function expectServedWithMetrics(chunks: readonly string[]): Served<Request | NumbersRequest> {
  return expectServedBy((line) => readRequest(line) ?? readNumbersRequest(line), chunks);
}

function expectServedBy<R>(read: (line: string) => R | undefined, chunks: readonly string[]): Served<R> {
  const served: R[][] = [];
  let rest = '';
  for (const chunk of chunks) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    const requests = lines.map(read);
    const isBad = [...lines, rest].some(({ length }) => length > LINE_BYTES) || requests.includes(undefined);
    if (isBad) return { chunks: served, end: 'malformed' };
    served.push(requests as R[]);
  }
  return { chunks: served, end: rest === '' ? 'good' : 'in the middle of a line' };
}

/** The request in a line, or undefined. */
function readRequest(line: string): Request | undefined {
  const fields = readFields(line, ['domain', 'id', 'key', 'type'], ['from', 'hearsay', 'broadcast', 'look']);
  if (fields === undefined) return undefined;
  const { type, id, domain, key, ...more } = fields;
  if (type !== 'exchange' || !isId(id) || typeof domain !== 'string' || typeof key !== 'string') return undefined;
  const { from, ...marks } = more;
  if (Object.values(marks).some((mark) => mark !== true)) return undefined;
  if ('from' in more && (typeof from !== 'string' || !isCanonicalAddress(from))) return undefined;
  return NAME.test(domain) && isKey(key) ? (fields as unknown as Request) : undefined;
}

function readNumbersRequest(line: string): NumbersRequest | undefined {
  const fields = readFields(line, ['domain', 'id', 'type']);
  const { type, id, domain } = fields ?? {};
  const isGood = type === 'numbers' && isId(id) && typeof domain === 'string' && NAME.test(domain);
  return isGood ? (fields as unknown as NumbersRequest) : undefined;
}

/** The fields of an object that has all the required ones, any of the optional ones, and nothing else. */
function readFields(
  line: string,
  all: readonly string[],
  some: readonly string[] = [],
): Record<string, unknown> | undefined {
  const value = parseJson(Buffer.from(line, 'latin1').toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const names = Object.getOwnPropertyNames(value);
  const isComplete = all.every((name) => names.includes(name));
  const isAllowed = names.every((name) => all.includes(name) || some.includes(name));
  return isComplete && isAllowed ? (value as Record<string, unknown>) : undefined;
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An IPv4-mapped address must be written as IPv4. */
function isCanonicalAddress(text: string): boolean {
  if (isIPv4(text)) return true;
  return canonicaliseIpv6(text) === text && !/^::ffff:[0-9a-f]+:[0-9a-f]+$/.test(text);
}
