import type { SurveyedPeer } from '../../core/changes/survey.ts';
import { type EntryKind, FLOOD_MAC } from '../../core/kernel/fdb.ts';
import type { ListedPeer } from '../gateway/peers.ts';

/** A peer in the documents of `peers`, `watch` and `show`; its shape is fixed in wgkex(8). */
export function describePeer({ peer, state, link, reading, ...surveyed }: ListedPeer): object {
  const isOurs = state !== 'static';
  const hasEntries = isOurs && reading.domain.leased === undefined;
  return {
    domain: reading.domain.name,
    key: peer.key,
    name: reading.names.get(peer.key) ?? null,
    state,
    address: isOurs ? link.address : null,
    mac: isOurs ? (link.mac ?? null) : null,
    allowed_ips: peer.allowedIps,
    endpoint: peer.endpoint ?? null,
    last_handshake: peer.lastHandshake === 'never' ? null : peer.lastHandshake,
    received_bytes: peer.received,
    sent_bytes: peer.sent,
    missing_entries: hasEntries ? findMissingKinds(surveyed) : null,
    route: isOurs && reading.domain.route ? !surveyed.lacksRoute : null,
  };
}

export function findMissingKinds({ missingEntries }: Pick<SurveyedPeer, 'missingEntries'>): EntryKind[] {
  return missingEntries.map(({ mac }) => (mac === FLOOD_MAC ? 'flood' : 'unicast'));
}
