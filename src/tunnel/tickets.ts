import { randomBytes } from 'node:crypto';
import type { Instance } from '../core/client/instance.ts';
import type { TicketLines } from '../core/client/messages.ts';
import type { Secret } from '../core/leases/lease.ts';
import { buildProof, isReplyProofOf } from '../core/leases/proof.ts';
import { formatThirdLine } from '../core/leases/third-line.ts';
import { InputError } from '../core/values/errors.ts';
import type { PublicKey } from '../core/values/public-key.ts';
import type { StoredCredentials } from '../system/client/store/secrets.ts';

/** 8 characters of base64url. */
const NONCE_BYTES = 6;

/** One exchange, as far as root knows it. */
interface Ticket {
  readonly key: PublicKey;
  readonly nonce: string;
  readonly secret: Secret;
}

/** What a gateway answered, as wgkex-join says. */
interface Reply {
  /** The configuration as sent, in base64. */
  readonly config: string;
  readonly proof: string;
}

/** The latest ticket. It is good for one reply, right or wrong, so that none can be played again. */
export class Tickets {
  #latest: Ticket | undefined;

  /** Makes one with a nonce that nobody has seen; the one before is worth nothing any more. */
  issue({ domain: name }: Instance, { id, secret }: StoredCredentials, key: PublicKey): TicketLines {
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    this.#latest = { key, nonce, secret };
    return { key, line: formatThirdLine({ id, nonce, proof: buildProof(secret, { name, key, nonce }) }) };
  }

  /** Uses the latest one up. @throws InputError if there is none. */
  use(): Ticket {
    const ticket = this.#latest;
    this.#latest = undefined;
    if (ticket === undefined)
      throw new InputError('Cannot use a reply: no ticket is open, as each is good for one reply');
    return ticket;
  }
}

/** @throws InputError unless a gateway that knows the lease gave this reply to this ticket. */
export function requireProof({ key, nonce, secret }: Ticket, { config: line, proof }: Reply): void {
  if (!isReplyProofOf(secret, proof, { key, nonce, line }))
    throw new InputError("Cannot use the gateway's reply: its proof is wrong, or that of another ticket");
}
