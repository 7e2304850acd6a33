import { formatNetworks } from '../../terminal/words.ts';
import { compareWatched, type WatchedPeer } from './orders.ts';
import type { View } from './view.ts';

/** The peers that a view shows, in its order. */
export function selectWatched(watched: readonly WatchedPeer[], { filter, order, isReversed }: View): WatchedPeer[] {
  const wanted = filter.toLowerCase();
  const found = wanted === '' ? [...watched] : watched.filter((peer) => describe(peer).includes(wanted));
  const compare = compareWatched(order);
  return found.sort(isReversed ? (one, other) => compare(other, one) : compare);
}

/** Everything by which an operator may look for a peer; a space keeps its parts separate. */
function describe({ peer, state, link, reading: { domain, names } }: WatchedPeer): string {
  const { key, allowedIps, endpoint = '' } = peer;
  const texts = [domain.name, state, key, names.get(key) ?? '', formatNetworks(allowedIps), endpoint, link.mac];
  return texts.join(' ').toLowerCase();
}
