import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { InputError } from '../values/errors.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { Secret, Token } from './lease.ts';

/** What a client proves: that it has the token for this key in this domain. */
export interface Claim {
  /** The name of the domain as sent. */
  readonly name: string;
  readonly key: PublicKey;
  readonly nonce: string;
}

/** What a gateway proves: that this configuration answers that claim. */
export interface ReplyClaim {
  readonly key: PublicKey;
  readonly nonce: string;
  /** The configuration as sent, in base64. */
  readonly line: string;
}

const SECRET = /^[0-9a-f]{64}$/;
/** Stands in for the secret of an unknown ID, so that its answer takes the same time. */
const NOBODYS = '0'.repeat(64) as Secret;

export function isSecret(text: string): text is Secret {
  return SECRET.test(text);
}

export function deriveSecret(token: Token): Secret {
  return createHash('sha256').update(`wgkex token v1\0${token}`).digest('hex') as Secret;
}

/** A client's proof: 32 bytes in base64url, 43 characters. */
export function buildProof(secret: Secret, { name, key, nonce }: Claim): string {
  return sign(secret, ['wgkex lease 1', name, key, nonce]);
}

/** A gateway's proof of its reply, likewise. */
export function buildReplyProof(secret: Secret, { key, nonce, line }: ReplyClaim): string {
  return sign(secret, ['wgkex reply 1', key, nonce, line]);
}

/** Whether `said` is the proof of a claim. Without a secret it never is, which takes as long to find out. */
export function isProofOf(secret: Secret | undefined, said: string, claim: Claim): boolean {
  const isRight = isSame(said, buildProof(secret ?? NOBODYS, claim));
  return isRight && secret !== undefined;
}

/** Whether `said` is a gateway's proof of its reply. */
export function isReplyProofOf(secret: Secret, said: string, reply: ReplyClaim): boolean {
  return isSame(said, buildReplyProof(secret, reply));
}

/** Node reads hexadecimal digits up to the first wrong one: a damaged secret would be a short one, or an empty one. */
function sign(secret: Secret, lines: readonly string[]): string {
  if (!isSecret(secret)) throw new InputError('Cannot use the secret of a lease: expected 64 hexadecimal digits');
  const text = lines.map((line) => `${line}\n`).join('');
  return createHmac('sha256', Buffer.from(secret, 'hex')).update(text).digest('base64url');
}

function isSame(said: string, right: string): boolean {
  const [one, other] = [Buffer.from(said), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
