import { hadHandshakeWithin } from './peer-table.ts';
import type { Handshakes, Peer, UnixSeconds } from './peers.ts';
import type { PublicKey } from './public-key.ts';

/** What is worth remembering of peers that are there: handshakes within `seconds`, the kernel's own or, else, remembered. */
export function collectHandshakes(
  peers: Iterable<Peer>,
  remembered: Handshakes,
  seconds: number,
  now: UnixSeconds,
): Handshakes {
  const collected = new Map<PublicKey, UnixSeconds>();
  for (const peer of peers) {
    const lastHandshake = peer.lastHandshake === 'never' ? remembered.get(peer.key) : peer.lastHandshake;
    if (lastHandshake !== undefined) collected.set(peer.key, lastHandshake);
  }
  return dropStale(collected, seconds, now);
}

/** Those within `seconds`, the latest first. */
export function dropStale(handshakes: Handshakes, seconds: number, now: UnixSeconds): Handshakes {
  const recent = [...handshakes].filter(([, lastHandshake]) => hadHandshakeWithin({ lastHandshake }, seconds, now));
  return new Map(recent.sort(([, a], [, b]) => b - a));
}
