import { formatBytes } from '../../core/operator/byte-count.ts';
import { type Claim, findRemainingSeconds } from '../../core/peers/claims.ts';
import type { OperatorsMark } from '../../core/peers/ownership.ts';
import { deriveAll } from '../../core/values/derived-address.ts';
import { formatDuration } from '../../core/values/duration.ts';
import type { DomainReading } from '../gateway/domain.ts';
import { findRouterMesh } from '../gateway/mesh.ts';
import type { ListedPeer } from '../gateway/peers.ts';
import type { Answer, Membership } from '../gateway/router.ts';
import { renderFields } from '../terminal/fields.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { formatAgo, formatNetworks, formatTime } from '../terminal/words.ts';
import { describeLease } from './lease.ts';
import { describeRouterMesh } from './mesh.ts';
import { STATE_STYLES } from './peer-columns.ts';
import { findMissingKinds } from './peer-json.ts';

type Field = readonly [name: string, value: string];

/** A router in a domain where it is a peer. */
export function renderMembership(membership: Membership, answer: Answer, terminal: Terminal): string[] {
  const { listed, markedAt, claim, mark } = membership;
  if (listed === undefined) return [];
  const { peer, state, reading } = listed;
  const { paint } = terminal;
  const heading = `${paint('strong', reading.domain.name)}  ${paint(STATE_STYLES[state], state)}`;
  const fields: Field[] = [
    ['address', formatNetworks(peer.allowedIps) || 'none'],
    ['endpoint', peer.endpoint ?? 'none'],
    ['handshake', describeHandshake(listed)],
    ['traffic', `${formatBytes(peer.received)} received, ${formatBytes(peer.sent)} sent`],
    ...(mark === undefined
      ? describeForwarding(listed)
      : [['static', describeMark(mark, membership, answer)] as const]),
    ...describeLeaseField(membership),
    ...describeMesh(listed, answer),
    ...(claim === undefined ? [] : [['claim', describeClaim(claim)] as const]),
    ...(markedAt === undefined ? [] : [['cleanup', describeCleanup(markedAt, reading, answer)] as const]),
    ...describeMismatch(listed, answer),
  ];
  return [heading, ...renderFields(fields, terminal)];
}

function describeHandshake({ peer: { lastHandshake }, reading: { at } }: ListedPeer): string {
  if (lastHandshake === 'never') return 'never';
  return `${formatAgo(lastHandshake, at)}, ${formatTime(lastHandshake)}`;
}

function describeForwarding(listed: ListedPeer): Field[] {
  const { domain } = listed.reading;
  if (domain.leased !== undefined) return [];
  const missing = findMissingKinds(listed);
  const kinds = domain.fdb.map((kind) => `${kind} ${missing.includes(kind) ? 'missing' : 'ok'}`);
  const entries: Field = ['entries', kinds.join(', ')];
  return domain.route ? [entries, ['route', listed.lacksRoute ? 'missing' : 'ok']] : [entries];
}

function describeMesh(listed: ListedPeer, { meshes }: Answer): Field[] {
  const mesh = meshes.get(listed.reading.domain.name);
  return mesh === undefined ? [] : [['mesh', describeRouterMesh(findRouterMesh(listed, mesh))]];
}

/** An operator's peer needs none. */
function describeLeaseField(membership: Membership): Field[] {
  const { reading, mark, lease } = membership;
  const isConcerned = reading.domain.leased !== undefined && (mark === undefined || lease !== undefined);
  return isConcerned ? [['lease', describeLease(membership)]] : [];
}

/** Why a peer is the operator's. */
function describeMark(mark: OperatorsMark, { reading: { domain } }: Membership, { config }: Answer): string {
  const { leased } = domain;
  const because: Record<OperatorsMark, string> = {
    'static key': `its key is in ${config.static_keys}`,
    'preshared key': 'it has a preshared key, which wgkex never sets',
    keepalive: 'it has a keepalive, which wgkex never sets',
    'not recorded': leased === undefined ? 'wgkex has no record of it' : 'it has no allowed IPs',
    'allowed IPs':
      leased === undefined
        ? 'its allowed IPs are not exactly its derived address'
        : `its allowed IPs are not all in the pool (${leased.pool.networks.join(', ')})`,
  };
  return `the operator's: ${because[mark]}`;
}

function describeClaim(claim: Claim): string {
  return `if it goes, its address stays reserved for another ${formatDuration(findRemainingSeconds(claim))}`;
}

function describeCleanup(markedAt: number, { at, domain }: DomainReading, { config }: Answer): string {
  const due = markedAt + config.cleanup.second_look_seconds;
  const rescue = domain.leased === undefined ? 'it connects' : 'it gets a lease';
  return `marked ${formatAgo(markedAt, at)}; a pass from ${formatTime(due)} on removes it, unless ${rescue}`;
}

/** If router and gateway use different derivations, no traffic gets through: this is the most common mistake. */
function describeMismatch({ peer, link, reading: { domain } }: ListedPeer, { query }: Answer): Field[] {
  const given = query.kind === 'address' ? query.address : query.kind === 'mac' ? query.mac : undefined;
  if (given === undefined || given === link.address || given === link.mac || domain.leased !== undefined) return [];
  const other = deriveAll(peer.key).find(({ address, mac }) => address === given || mac === given);
  if (other === undefined) return [];
  return [['note', `${given} is derived by "${other.variant}"; this domain has address = "${domain.address}"`]];
}
