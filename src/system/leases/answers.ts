import * as z from 'zod';
import { addressSchema, keySchema, leaseIdSchema, leasesSchema } from './row.ts';

/** The states of a key, the one that counts most last. */
export const KEY_STATES = ['released', 'ended', 'live'] as const;

const keyUseSchema = z.strictObject({ key: keySchema, id: leaseIdSchema, state: z.enum(KEY_STATES) });

/** What a key is to a domain: `live` if a lease that lasts is bound to it, else `ended`, else `released`. */
export type KeyUse = Omit<z.infer<typeof keyUseSchema>, 'key'>;

const count = z.int().nonnegative();

/** What the `SELECT`s of each statement return. */
export const leases = z.tuple([leasesSchema]);
export const exchange = z.tuple([leasesSchema, count]);
export const keys = z.tuple([z.array(keyUseSchema)]);
export const addresses = z.tuple([z.array(addressSchema)]);
export const ids = z.tuple([z.array(leaseIdSchema)]);
export const grant = z.tuple([z.array(leaseIdSchema), leasesSchema]);
export const extension = z.tuple([leasesSchema, leasesSchema]);
export const places = z.tuple([z.array(count)]);
export const changes = z.tuple([count]);
export const findings = z.tuple([z.array(z.string())]);
