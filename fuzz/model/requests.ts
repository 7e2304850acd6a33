import { isIPv4 } from 'node:net';
import { canonicaliseIpv6, isKey } from './key.ts';

/** A request as ARCHITECTURE.md describes it ("The trust boundary"). */
export interface Request {
  readonly id: number;
  readonly domain: string;
  readonly key: string;
  readonly from: string;
  readonly look?: true;
}

/** The other kind, which a handler takes that greeted with metrics. */
export interface NumbersRequest {
  readonly id: number;
  readonly numbers: string;
}

/** What a handler must make of its input. */
export interface Served<R = Request> {
  /** The requests of each chunk, up to the one that brought what is no request. */
  readonly chunks: readonly (readonly R[])[];
  readonly end: 'good' | 'malformed' | 'in the middle of a line';
}

const LINE_BYTES = 512;
const NAME = /^[a-z0-9][-_a-z0-9]{0,31}$/;

/** Reads chunks in which a character is a byte. Nothing of the chunk that brings the first bad line is served. */
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
  const fields = readFields(line, 'domain,from,id,key') ?? readFields(line, 'domain,from,id,key,look');
  if (fields === undefined) return undefined;
  const { id, domain, key, from, ...marks } = fields;
  if ('look' in marks && marks['look'] !== true) return undefined;
  if (!isId(id)) return undefined;
  if (typeof domain !== 'string' || typeof key !== 'string' || typeof from !== 'string') return undefined;
  const isGood = NAME.test(domain) && isKey(key) && isCanonicalAddress(from);
  return isGood ? { id, domain, key, from, ...('look' in marks && { look: true }) } : undefined;
}

function readNumbersRequest(line: string): NumbersRequest | undefined {
  const { id, numbers } = readFields(line, 'id,numbers') ?? {};
  return isId(id) && typeof numbers === 'string' && NAME.test(numbers) ? { id, numbers } : undefined;
}

/** Those of an object that has exactly these. */
function readFields(line: string, names: string): Record<string, unknown> | undefined {
  const value = parseJson(Buffer.from(line, 'latin1').toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.getOwnPropertyNames(value).sort().join() === names ? (value as Record<string, unknown>) : undefined;
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

/** An IPv4-mapped address has to come as IPv4. */
function isCanonicalAddress(text: string): boolean {
  if (isIPv4(text)) return true;
  return canonicaliseIpv6(text) === text && !/^::ffff:[0-9a-f]+:[0-9a-f]+$/.test(text);
}
