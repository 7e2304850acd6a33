import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Lease, type LeaseId, type Secret, UNBOUND } from '../../../src/core/leases/lease.ts';
import { type IpAddress, parseIpAddress } from '../../../src/core/values/ip-address.ts';
import type { DomainName } from '../../../src/core/values/names.ts';
import { type PublicKey, parsePublicKey } from '../../../src/core/values/public-key.ts';
import { LeaseTable } from '../../../src/system/leases/lease-table.ts';
import { NOW } from '../../core/arbitraries.ts';

export const MEMBERS = 'members' as DomainName;
export const DAY = 86_400;
export const END = NOW + 30 * DAY;

/** Removes everything when the tests of the file are over. */
export function makeDirectories(): () => string {
  const base = mkdtempSync(join(tmpdir(), 'wgkex-leases-'));
  after(() => rmSync(base, { recursive: true }));
  return () => mkdtempSync(join(base, 'state-'));
}

export function open(directory: string): LeaseTable {
  return new LeaseTable(join(directory, 'leases.db'));
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** `aaaaaaaa`, `aaaaaaab` and so on. */
export function leaseId(number: number): LeaseId {
  const digits = Array.from({ length: 8 }, (_, place) => LETTERS[Math.floor(number / 32 ** (7 - place)) % 32]);
  return digits.join('') as LeaseId;
}

export function secretOf(text: string): Secret {
  return createHash('sha256').update(text).digest('hex') as Secret;
}

export function keyOf(number: number): PublicKey {
  return parsePublicKey(createHash('sha256').update(`key ${number}`).digest('base64'));
}

export function address4Of(number: number): IpAddress {
  return parseIpAddress(`10.66.${number >> 8}.${number & 255}`);
}

export function address6Of(number: number): IpAddress {
  return parseIpAddress(`fd66::${number.toString(16)}`);
}

/** A lease of 30 days that waits for its key. */
export function unbound(number: number, fields: Partial<Lease> = {}): Lease {
  return {
    id: leaseId(number),
    secret: secretOf(`${number}`),
    domain: MEMBERS,
    email: `member${number}@example.org`,
    note: undefined,
    orderId: undefined,
    created: NOW,
    expires: END,
    ...UNBOUND,
    ...fields,
  };
}

/** The key and the addresses with the number of the lease. */
export function binding(number: number, { key = number, address = number, now = NOW + 1 } = {}) {
  return { id: leaseId(number), key: keyOf(key), address4: address4Of(address), address6: address6Of(address), now };
}

export function bound(number: number, fields: Partial<Lease> = {}): Lease {
  const { id: _, now, ...rest } = binding(number);
  return unbound(number, { ...rest, bound: now, ...fields });
}

/** What sqlite3 says itself. */
export function ask(path: string, sql: string): string {
  return execFileSync('sqlite3', ['-batch', '-init', '/dev/null', path, sql], { encoding: 'utf8' }).trim();
}

export function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
