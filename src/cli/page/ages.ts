import { hadHandshakeWithin, LIVE_SECONDS } from '../../core/peers/handshakes.ts';
import type { Peer } from '../../core/values/peer.ts';
import type { UnixSeconds } from '../../core/values/time.ts';

/** The number of peers whose last handshake was in a certain span of time. */
export interface AgeCount {
  readonly age: string;
  readonly count: number;
}

/** From the youngest to the oldest; the peers in the first span are alive. */
const SPANS = [
  { age: 'up to 3 min', within: LIVE_SECONDS },
  { age: '3 to 15 min', within: 900 },
  { age: '15 to 60 min', within: 3600 },
  { age: '1 to 24 h', within: 86_400 },
  { age: 'over a day', within: Number.POSITIVE_INFINITY },
] as const;

/** Counts peers by the age of their last handshake, if any; a handshake in the future counts as new. */
export function countAges({ at, peers }: AgedPeers): AgeCount[] {
  const spans = peers.map(({ peer }) =>
    SPANS.find(({ within }) => hadHandshakeWithin(peer.lastHandshake, within, { unix: at })),
  );
  const ages = SPANS.map((span) => ({ age: span.age, count: countEqual(spans, span) }));
  return [...ages, { age: 'never', count: countEqual(spans, undefined) }];
}

/** Peers as they were found at a certain time. */
interface AgedPeers {
  readonly at: UnixSeconds;
  readonly peers: readonly { readonly peer: Pick<Peer, 'lastHandshake'> }[];
}

function countEqual<T>(list: readonly T[], wanted: T): number {
  return list.filter((one) => one === wanted).length;
}
