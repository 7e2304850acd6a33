import { createHash, createHmac } from 'node:crypto';
import { isKey } from './key.ts';

/** A lease as the model knows it. */
export interface ModelLease {
  readonly id: string;
  readonly token: string;
  /** The domain's own name. */
  readonly domain: string;
  readonly isOver?: boolean;
  readonly key?: string;
  readonly used?: readonly string[];
}

/** The domains of a gateway by all their names, and its leases. */
export interface World {
  readonly mesh: readonly string[];
  readonly leased: ReadonlyMap<string, string>;
  readonly leases: readonly ModelLease[];
}

/** What a client sent; undefined is a part that did not come, other things than texts are possible in JSON. */
export interface SentParts {
  readonly name: unknown;
  readonly key: unknown;
  readonly proof: unknown;
}

/** What the contract demands for a request: a code, and with `OK` by a lease whose it is. */
export interface Verdict {
  readonly code: string;
  readonly lease?: ModelLease;
  readonly key?: string;
  readonly nonce?: string;
}

const LINE_BYTES = 64;
const KEY_CHARACTERS = 44;
/** Of each code by HTTP. */
export const STATUSES: Readonly<Record<string, number>> = {
  OK: 200,
  NO_DOMAIN: 400,
  NO_WGKEY: 400,
  INVALID_DOMAIN: 400,
  INVALID_WGKEY: 400,
  NO_TOKEN: 401,
  INVALID_TOKEN: 403,
  EXPIRED: 403,
  PROHIBITED_WGKEY: 403,
  TOKEN_USED: 409,
};

/** A second version of the contract's table of codes, from top to bottom. */
export function expectVerdict({ name, key, proof }: SentParts, world: World): Verdict {
  if (name === undefined || name === '') return { code: 'NO_DOMAIN' };
  if (key === undefined || key === '') return { code: 'NO_WGKEY' };
  if (typeof name !== 'string' || !isName(name, world)) return { code: 'INVALID_DOMAIN' };
  if (typeof key !== 'string' || !isKey(key)) return { code: 'INVALID_WGKEY' };
  return world.leased.has(name) ? expectMembers({ name, key, proof }, world) : { code: 'OK' };
}

function expectMembers({ name, key, proof }: { name: string; key: string; proof: unknown }, world: World): Verdict {
  const form = /^([a-z2-7]{8})[.]([A-Za-z0-9_-]{8})[.]([A-Za-z0-9_-]{43})$/;
  const [, id, nonce = '', said] = (typeof proof === 'string' && form.exec(proof)) || [];
  if (id === undefined) return { code: 'NO_TOKEN' };
  const others = world.leases.filter((each) => each.domain === world.leased.get(name));
  const lease = others.find((each) => each.id === id);
  if (lease === undefined || said !== prove(lease.token, { name, key, nonce })) return { code: 'INVALID_TOKEN' };
  if (lease.isOver) return { code: 'EXPIRED' };
  const granted = { code: 'OK', lease, key, nonce };
  if (lease.key !== undefined) return lease.key === key ? granted : { code: 'TOKEN_USED' };
  const isTaken = others.some((each) => each.key === key && !each.isOver) || lease.used?.includes(key);
  return isTaken ? { code: 'PROHIBITED_WGKEY' } : granted;
}

function isName(word: string, { mesh, leased }: World): boolean {
  return mesh.includes(word) || leased.has(word);
}

/** The parts in all the bytes of a client that then ends; undefined if a line is too long. */
export function readParts(text: string, world: World): SentParts | undefined {
  const lines = text.split('\n');
  const isLast = (index: number) => index === lines.length - 1;
  const isLong = (index: number) => {
    const line = lines[index] ?? '';
    return (isLast(index) && index > 0 ? line : line.replace(/\r$/, '')).length > LINE_BYTES;
  };
  const read = (index: number) => {
    const line = lines[index] ?? '';
    return (isLast(index) ? line : line.replace(/\r$/, '')).replace(/^[\t ]*/, '').replace(/[\t ]*$/, '');
  };
  if (isLong(0)) return undefined;
  if (isLast(0)) return { name: undefined, key: undefined, proof: undefined };
  if (isLong(1)) return undefined;
  const [first, second] = [read(0), read(1)];
  const isFirstKey = (first.length === KEY_CHARACTERS && first.endsWith('=')) || isName(second, world);
  const [name, key] = isFirstKey && !isName(first, world) ? [second, first] : [first, second];
  if (!world.leased.has(name)) return { name, key, proof: undefined };
  return isLong(2) ? undefined : { name, key, proof: read(2) };
}

interface Signed {
  readonly name: string;
  readonly key: string;
  readonly nonce: string;
}

/** A client's proof. */
export function prove(token: string, { name, key, nonce }: Signed): string {
  return sign(token, `wgkex lease 1\n${name}\n${key}\n${nonce}\n`);
}

/** A gateway's proof of a configuration. */
export function proveReply(token: string, { key, nonce }: Omit<Signed, 'name'>, config: string): string {
  return sign(token, `wgkex reply 1\n${key}\n${nonce}\n${config}\n`);
}

function sign(token: string, text: string): string {
  const secret = createHash('sha256').update(`wgkex token v1\0${token}`).digest();
  return createHmac('sha256', secret).update(text).digest('base64url');
}
