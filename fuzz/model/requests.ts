import { isIPv4 } from 'node:net';
import { canonicaliseIpv6, isKey } from './key.ts';

/** A request as ARCHITECTURE.md describes it ("The trust boundary"). */
export interface Request {
  readonly id: number;
  readonly domain: string;
  readonly key: string;
  readonly from: string;
}

/** What a handler must make of its input. */
export interface Served {
  /** The requests of each chunk, up to the one that brought what is no request. */
  readonly chunks: readonly (readonly Request[])[];
  readonly end: 'good' | 'malformed' | 'in the middle of a line';
}

const LINE_BYTES = 512;
const NAME = /^[a-z0-9][-_a-z0-9]{0,31}$/;

/** Reads chunks in which a character is a byte. Nothing of the chunk that brings the first bad line is served. */
export function expectServed(chunks: readonly string[]): Served {
  const served: Request[][] = [];
  let rest = '';
  for (const chunk of chunks) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    const requests = lines.map(readRequest);
    const isBad = [...lines, rest].some(({ length }) => length > LINE_BYTES) || requests.includes(undefined);
    if (isBad) return { chunks: served, end: 'malformed' };
    served.push(requests as Request[]);
  }
  return { chunks: served, end: rest === '' ? 'good' : 'in the middle of a line' };
}

/** The request in a line, or undefined. */
export function readRequest(line: string): Request | undefined {
  const value = parseJson(Buffer.from(line, 'latin1').toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (Object.getOwnPropertyNames(value).sort().join() !== 'domain,from,id,key') return undefined;
  const { id, domain, key, from } = value as Record<keyof Request, unknown>;
  if (!Number.isSafeInteger(id) || (id as number) < 1) return undefined;
  if (typeof domain !== 'string' || typeof key !== 'string' || typeof from !== 'string') return undefined;
  const isGood = NAME.test(domain) && isKey(key) && isCanonicalAddress(from);
  return isGood ? { id: id as number, domain, key, from } : undefined;
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
