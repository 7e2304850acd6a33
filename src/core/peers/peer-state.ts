/**
 * The state of a peer, at a glance: `alive`, it had a handshake in the last 180 s; `idle`, in the last
 * `stale_after_seconds`; `stale`, longer ago; `pending`, it never had one; `static`, the operator set it up by hand.
 */
export const PEER_STATES = ['alive', 'idle', 'stale', 'pending', 'static'] as const;
export type PeerState = (typeof PEER_STATES)[number];
