import { randomBytes } from 'node:crypto';
import { buildLeaseId, buildToken, formatCredentials } from '../../core/leases/credentials.ts';
import type { LeaseId, Secret, Token } from '../../core/leases/lease.ts';
import { deriveSecret } from '../../core/leases/proof.ts';

const ID_BYTES = 5;
const TOKEN_BYTES = 17;

export function makeLeaseId(): LeaseId {
  return buildLeaseId(randomBytes(ID_BYTES));
}

/** A new token, which is shown once, and what the table keeps of it. */
export function makeToken(): { readonly token: Token; readonly secret: Secret } {
  const token = buildToken(randomBytes(TOKEN_BYTES));
  return { token, secret: deriveSecret(token) };
}

/** The members of a document that has a token; both are null without one. */
export function describeTicket(id: LeaseId, token: Token | undefined): { token: Token | null; ticket: string | null } {
  return token === undefined ? { token: null, ticket: null } : { token, ticket: formatCredentials(id, token) };
}
