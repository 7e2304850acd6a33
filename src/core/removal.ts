import type { PeerTable } from './peer-table.ts';
import type { PublicKey } from './public-key.ts';

/** What becomes of a key that an operator wants gone; `static` is a peer that was set up by hand. */
export type RemovalDecision = 'remove' | 'static' | 'absent';

/** As for all that wgkex does, only its own peers are its business. */
export function decideRemoval(key: PublicKey, peers: PeerTable): RemovalDecision {
  if (peers.isOperators(key)) return 'static';
  return peers.ours.has(key) ? 'remove' : 'absent';
}
