import fc from 'fast-check';
import { buildLeaseId, buildToken } from '../../../src/core/leases/credentials.ts';
import type { LeaseId, Token } from '../../../src/core/leases/lease.ts';

export const leaseIds: fc.Arbitrary<LeaseId> = fc.uint8Array({ minLength: 5, maxLength: 5 }).map(buildLeaseId);
export const tokens: fc.Arbitrary<Token> = fc.uint8Array({ minLength: 17, maxLength: 17 }).map(buildToken);

const BASE64URL = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
const base64Url = (length: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...BASE64URL), { minLength: length, maxLength: length }).map((some) => some.join(''));

export const nonces = base64Url(8);
/** Of the right form; hardly ever right. */
export const proofs = base64Url(43);
