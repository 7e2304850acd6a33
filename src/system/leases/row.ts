import * as z from 'zod';
import { isLeaseId } from '../../core/leases/credentials.ts';
import type { Lease, Secret } from '../../core/leases/lease.ts';
import { type IpAddress, parseIpAddress } from '../../core/values/ip-address.ts';
import { parseJsonOf } from '../../core/values/json.ts';
import { isDomainName } from '../../core/values/names.ts';
import { isPublicKey } from '../../core/values/public-key.ts';
import { remembering } from '../../core/values/remembering.ts';

const SECRET = /^[0-9a-f]{64}$/;

/** Each pass reads the same addresses. */
const isCanonical = remembering(50_000, (text: string): boolean => {
  try {
    return parseIpAddress(text) === text;
  } catch {
    return false;
  }
});

export const leaseIdSchema = z.string().refine(isLeaseId);
export const keySchema = z.string().refine(isPublicKey);
export const addressSchema = z.string().refine((text): text is IpAddress => isCanonical(text));
const timeSchema = z.int().nonnegative();
const textSchema = z.string().refine(isStorable);

const rowSchema = z.strictObject({
  id: leaseIdSchema,
  secret: z.string().refine((text): text is Secret => SECRET.test(text)),
  domain: z.string().refine(isDomainName),
  email: textSchema.nullable(),
  note: textSchema.nullable(),
  order_id: textSchema.nullable(),
  created: timeSchema,
  expires: timeSchema.nullable(),
  ended: timeSchema.nullable(),
  key: keySchema.nullable(),
  address4: addressSchema.nullable(),
  address6: addressSchema.nullable(),
  bound: timeSchema.nullable(),
  used_keys: z.array(keySchema),
  reminded: z.array(z.int().nonnegative()),
});

/** A row of the table as its columns. */
export type Row = z.infer<typeof rowSchema>;
export const COLUMNS = Object.keys(rowSchema.shape) as readonly (keyof Row)[];
/** The columns whose text is JSON. */
export const JSON_COLUMNS: readonly (keyof Row)[] = ['used_keys', 'reminded'];

const BINDING = { key: true, address4: true, address6: true, bound: true } as const;
export const BINDING_COLUMNS = Object.keys(BINDING) as readonly (keyof Row)[];
const exportedSchema = rowSchema.omit(BINDING);

/** A lease for another gateway: everything but its binding, which each gateway has of its own. */
export type ExportedLease = z.infer<typeof exportedSchema>;

export const leaseSchema = rowSchema.transform(toLease);
export const leasesSchema = z.array(leaseSchema);

/** @throws InputError if `text` is not the JSON of such leases; `what` is for the error. */
export function parseExportedLeases(text: string, what: string): ExportedLease[] {
  return parseJsonOf(z.array(exportedSchema), text, what);
}

export function toExported({ key: _, address4: _4, address6: _6, bound: _bound, ...lease }: Lease): ExportedLease {
  const { orderId, usedKeys, email, note, expires, ended, reminded, ...rest } = lease;
  return {
    ...rest,
    email: email ?? null,
    note: note ?? null,
    order_id: orderId ?? null,
    expires: expires ?? null,
    ended: ended ?? null,
    used_keys: [...usedKeys],
    reminded: [...reminded],
  };
}

function toLease({ order_id, used_keys, ...row }: Row): Lease {
  return {
    ...row,
    email: row.email ?? undefined,
    note: row.note ?? undefined,
    orderId: order_id ?? undefined,
    expires: row.expires ?? undefined,
    ended: row.ended ?? undefined,
    key: row.key ?? undefined,
    address4: row.address4 ?? undefined,
    address6: row.address6 ?? undefined,
    bound: row.bound ?? undefined,
    usedKeys: used_keys,
  };
}

/** SQLite ends a text at NUL, and half a surrogate pair has no UTF-8. */
function isStorable(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text);
}
