/** What a list of peers can be sorted by. */
export const PEER_ORDERS = ['key', 'handshake', 'traffic', 'address'] as const;
export type PeerOrder = (typeof PEER_ORDERS)[number];
