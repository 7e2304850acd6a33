import { isKey } from './key.ts';
import type { SentParts } from './lease.ts';
import type { Outcome } from './wire.ts';

/** A second version of the contract's "HTTP door": what a body asks for. */
export function expectBody(text: string, domains: readonly string[], defaultDomain?: string): Outcome {
  const { name: domain = defaultDomain, key } = pickParts(text);
  if (domain === undefined || domain === '') return { refused: 'NO_DOMAIN' };
  if (key === undefined || key === '') return { refused: 'NO_WGKEY' };
  if (typeof domain !== 'string' || !domains.includes(domain)) return { refused: 'INVALID_DOMAIN' };
  if (typeof key !== 'string' || !isKey(key)) return { refused: 'INVALID_WGKEY' };
  return { domain, key };
}

/** The parts of a member's request as they are in a body. */
export function pickParts(text: string): SentParts {
  const fields = parseFields(text);
  const name = pick(fields, 'domain') ?? pick(fields, 'segment');
  return { name, key: pick(fields, 'public_key'), proof: pick(fields, 'proof') };
}

function parseFields(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function pick(fields: object, name: string): unknown {
  const value = Object.hasOwn(fields, name) ? (fields as Record<string, unknown>)[name] : undefined;
  return value === null ? undefined : value;
}
