import { describePeer } from '../../views/peer-json.ts';
import type { Frame } from './text.ts';

/** A line of `wgkex watch --json`; its shape is fixed in wgkex(8). */
export function describeFrame({ at, watched }: Frame): object {
  return {
    time: Math.floor(at),
    peers: watched.map((peer) => ({
      ...describePeer(peer),
      receive_rate: peer.rate === undefined ? null : Math.round(peer.rate.received),
      send_rate: peer.rate === undefined ? null : Math.round(peer.rate.sent),
    })),
  };
}
