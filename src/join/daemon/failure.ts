import { explainConnection } from '../../core/client/connection-words.ts';
import type { Via } from '../../core/client/messages.ts';
import type { ErrorCode } from '../../core/exchange/exchange.ts';

/**
 * Whose fault it is that a gateway brought no tunnel. A `gateway` is left out for a while, also one whose configuration
 * is `unreadable`, or was `refused` by root, who has logged that; `network` and `machine` are this machine's.
 */
export type Fault = 'gateway' | 'unreadable' | 'refused' | 'network' | 'machine';

/** There is no reply from root's part. */
export const NO_HELPER = 'wgkex-tunnel, its root part, does not answer; the journal of the service says why';

/** Why an attempt with a gateway ended; the message is one line. */
export class AttemptFailure extends Error {
  override name = 'AttemptFailure';
  readonly fault: Fault;
  /** What the gateway answered. */
  readonly code: ErrorCode | undefined;
  /** How its handshake was awaited, or would have been: the tunnel of before, if there was one, is gone. */
  readonly via: Via | undefined;

  constructor(fault: Fault, reason: string, { code, via }: { code?: ErrorCode; via?: Via } = {}) {
    super(reason);
    this.fault = fault;
    this.code = code;
    this.via = via;
  }

  over(via: Via): AttemptFailure {
    return new AttemptFailure(this.fault, this.message, { ...(this.code && { code: this.code }), via });
  }
}

/** No way to any network, or none for this family of addresses; the last two are a firewall of this machine. */
const NO_NETWORK = ['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'EACCES', 'EPERM'];

/** Sorts the error of a connection. */
export function blame(error: NodeJS.ErrnoException, describe: (reason: string) => string): AttemptFailure {
  const fault = NO_NETWORK.includes(error.code ?? '') ? 'network' : 'gateway';
  return new AttemptFailure(fault, describe(explainConnection(error)));
}
