import type { ErrorCode } from '../exchange/exchange.ts';
import type { KeyLists } from '../exchange/key-lists.ts';
import type { Router } from '../peers/address-plan.ts';
import type { ClaimTable } from '../peers/claims.ts';
import { hadHandshakeWithin, LIVE_SECONDS } from '../peers/handshakes.ts';
import { BROADCAST_SOURCE } from '../peers/households.ts';
import type { OurPeer, PeerTable } from '../peers/peer-table.ts';
import type { PeerRecord } from '../peers/record.ts';
import { deriveSource, type IpAddress } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';
import { findAge } from '../values/time.ts';
import { CONNECT_SECONDS, type Room } from './room.ts';

/** A handshake takes at most this long, even over a satellite. */
const HANDSHAKE_SECONDS = 10;

/** Everything that a decision depends on besides the request. */
export interface DomainView {
  readonly peers: PeerTable;
  readonly record: PeerRecord;
  readonly room: Room;
  readonly claims: ClaimTable;
  readonly lists: KeyLists;
  readonly ownKey: PublicKey | undefined;
  readonly ownAddresses: ReadonlySet<string>;
  readonly maxPeers: number;
  readonly maxPending: number;
  readonly staleAfterSeconds: number;
  /** Why the record cannot be written; undefined if it can. */
  readonly unrecordable: string | undefined;
}

/** What an exchange does to the peers of its domain. */
export type Decision =
  | { readonly kind: 'refuse'; readonly code: ErrorCode; readonly holder?: PublicKey }
  /** The peer is left as it is. */
  | { readonly kind: 'keep' }
  /** The key is ours already: it is removed and added again, so that a router whose clock went back can connect. */
  | { readonly kind: 'reset'; readonly evicted: readonly PublicKey[] }
  /** The key is new; the peers in `evicted` are removed first. */
  | { readonly kind: 'add'; readonly evicted: readonly PublicKey[] };

/** A router that asks; without `from`, its source is unknown. */
export interface Asked {
  readonly router: Router;
  readonly from?: IpAddress | undefined;
  /** Its key came by a topic of freifunkMUC's broker. */
  readonly isBroadcast?: boolean | undefined;
}

/** The same, with everything that is known about the router. */
export interface Question {
  readonly router: Router;
  readonly from: IpAddress | undefined;
  readonly isBroadcast: boolean;
  readonly known: OurPeer | undefined;
  readonly view: DomainView;
}

/** The rules that keep a peer or reset it; all others can be an obstacle to a key. */
const KEEPING_RULES = ['live-elsewhere', 'reset-and-connected', 'about-to-connect', 'known'] as const;

type KeepingRule = (typeof KEEPING_RULES)[number];
export type ObstacleRule =
  | 'disallowed'
  | 'static'
  | 'not-allowed'
  | 'own-key'
  | 'operators-peer'
  | 'lists'
  | 'record'
  | 'own-address'
  | 'operators-address'
  | 'same-address'
  | 'pending'
  | 'peers';

export interface Rule<Name extends string = ObstacleRule | KeepingRule> {
  readonly name: Name;
  /** Undefined if the rule does not apply. */
  decide(question: Question): Decision | undefined;
}

export function isObstacleRule(rule: Rule): rule is Rule<ObstacleRule> {
  return !(KEEPING_RULES as readonly string[]).includes(rule.name);
}

/** Why nobody can have a peer with a key, whatever its address. */
const PROHIBITIONS: readonly Rule[] = [
  refuseWhere('disallowed', 'PROHIBITED_WGKEY', ({ router, view }) => view.lists.disallowed.has(router.key)),
  refuseWhere('static', 'PROHIBITED_WGKEY', ({ router, view }) => view.lists.static.has(router.key)),
  refuseWhere('not-allowed', 'PROHIBITED_WGKEY', ({ router, view }) => view.lists.allowed?.has(router.key) === false),
  refuseWhere('own-key', 'PROHIBITED_WGKEY', ({ router, view }) => router.key === view.ownKey),
  refuseWhere('operators-peer', 'PROHIBITED_WGKEY', ({ router, view }) => view.peers.isOperators(router.key)),
];

/** The contract's admission table: the first rule that applies decides. */
export const RULES: readonly Rule[] = [
  ...PROHIBITIONS,
  keepWhere('live-elsewhere', isLiveElsewhere),
  keepWhere('reset-and-connected', isResetAndConnected),
  keepWhere('about-to-connect', isAboutToConnect),
  { name: 'known', decide: ({ known, router }) => (isInPlace(known, router) ? RESET : undefined) },
  refuseNewWhere('lists', 'FAILED', ({ view }) => view.lists.problems.length > 0),
  refuseNewWhere('record', 'FAILED', ({ view }) => view.unrecordable !== undefined),
  refuseWhere('own-address', 'ADDRESS_TAKEN', ({ router, view }) => view.ownAddresses.has(router.address)),
  { name: 'operators-address', decide: refuseOperatorsAddress },
  { name: 'same-address', decide: decideHeldAddress },
  { name: 'pending', decide: decideRoomForPending },
  { name: 'peers', decide: decideRoomForPeers },
];

const KEEP: Decision = { kind: 'keep' };
const RESET: Decision = { kind: 'reset', evicted: [] };

/** Without `from`, the source of a request is unknown: the request never ends a session. */
export function decideAdmission(request: Asked, view: DomainView): Decision {
  const question = askAbout(request, view);
  for (const rule of RULES) {
    const decision = rule.decide(question);
    if (decision !== undefined) return decision;
  }
  return question.known === undefined ? { kind: 'add', evicted: [] } : RESET;
}

/** Why a key can have no peer; undefined if it can. */
export function findProhibition(question: Question): ErrorCode | undefined {
  const [refusal] = PROHIBITIONS.flatMap(({ decide }) => decide(question) ?? []);
  return refusal?.kind === 'refuse' ? refusal.code : undefined;
}

/** The decision that leaves a peer as it is; undefined if it has to be reset. */
export function findKeeping(question: Question): Decision | undefined {
  const decisions = RULES.filter((rule) => !isObstacleRule(rule)).map(({ decide }) => decide(question));
  return decisions.find((decision) => decision?.kind === 'keep');
}

export function askAbout({ router, from, isBroadcast = false }: Asked, view: DomainView): Question {
  return { router, from, isBroadcast, known: view.peers.ours.get(router.key), view };
}

/** In the rules that keep a peer, only the kernel's own handshakes count: adding and resetting a peer erases them. */
function isLiveElsewhere({ known, from, view }: Question): boolean {
  if (known === undefined || !hadHandshakeWithin(known.lastHandshake, LIVE_SECONDS, view.peers.now)) return false;
  const { endpoint } = known;
  return from === undefined || endpoint === undefined || deriveSource(from) !== deriveSource(endpoint);
}

function isResetAndConnected({ known, view }: Question): boolean {
  if (known === undefined || known.lastHandshake === 'never') return false;
  const { isReset, registeredAt } = known.registration;
  return isReset && findAge(registeredAt, view.peers.now) < CONNECT_SECONDS;
}

/** A peer without its address could not connect, however recently it was registered. */
function isAboutToConnect({ known, router, view }: Question): boolean {
  if (known === undefined || known.lastHandshake !== 'never' || !isInPlace(known, router)) return false;
  return findAge(known.registration.registeredAt, view.peers.now) < HANDSHAKE_SECONDS;
}

/** Whether the peer has the address that its key derives today: then a reset takes it from no other peer. */
function isInPlace(known: OurPeer | undefined, { address }: Router): boolean {
  return known?.held?.address === address;
}

function refuseOperatorsAddress({ router, view }: Question): Decision | undefined {
  const holder = view.peers.findOperatorsKey(router.address);
  return holder === undefined ? undefined : { kind: 'refuse', code: 'ADDRESS_TAKEN', holder };
}

function decideHeldAddress({ router, known, isBroadcast, view }: Question): Decision | undefined {
  const { peers, claims } = view;
  const holder = peers.findHolder(router.address);
  const claimant = claims.findClaimant(router.address);
  if (holder !== undefined && hadHandshakeWithin(holder.heard, view.staleAfterSeconds, peers.now))
    return { kind: 'refuse', code: 'ADDRESS_TAKEN', holder: holder.key };
  if (claimant !== undefined && claimant !== router.key)
    return { kind: 'refuse', code: 'ADDRESS_TAKEN', holder: claimant };
  if (holder === undefined) return undefined;
  // This handshake has not been counted as a claim yet.
  if (holder.lastHandshake !== 'never' || holder.registration.heard !== undefined)
    return { kind: 'refuse', code: 'ADDRESS_TAKEN', holder: holder.key };
  const { isProtected, pendingSince, source } = holder.registration;
  if (isBroadcast && source !== BROADCAST_SOURCE) return { kind: 'refuse', code: 'ADDRESS_TAKEN', holder: holder.key };
  if (isProtected && findAge(pendingSince, peers.now) < CONNECT_SECONDS)
    return { kind: 'refuse', code: 'BUSY', holder: holder.key };
  return { kind: known === undefined ? 'add' : 'reset', evicted: [holder.key] };
}

/** A key with a remembered handshake is not pending, even if it was not a peer in the meantime. */
function decideRoomForPending(question: Question): Decision | undefined {
  const { router, known, view } = question;
  const { peers, record, maxPending } = view;
  if (known !== undefined || (peers.pending.size < maxPending && !isBeyondBroadcasts(question))) return undefined;
  if (peers.findRemembered(record.registrations.get(router.key)?.heard) !== 'never') return undefined;
  return evictOrRefuse(findEvictablePending(question));
}

function decideRoomForPeers(question: Question): Decision | undefined {
  const { known, view } = question;
  if (known !== undefined || view.peers.ours.size < view.maxPeers) return undefined;
  const pending = findEvictablePending(question);
  return evictOrRefuse(pending === undefined && !question.isBroadcast ? view.room.findConnected() : pending);
}

/** Without a source, a flood of such keys looks like that many routers: they leave half of the room to all others. */
function isBeyondBroadcasts({ isBroadcast, view: { room, maxPending } }: Question): boolean {
  return isBroadcast && room.countPending(BROADCAST_SOURCE) >= Math.floor(maxPending / 2);
}

function findEvictablePending({ router, isBroadcast, view: { room, claims } }: Question): PublicKey | undefined {
  if (isBroadcast) return room.findBroadcast();
  return room.findPending(claims.has(router.key), (other) => claims.has(other));
}

function evictOrRefuse(evicted: PublicKey | undefined): Decision {
  return evicted === undefined ? { kind: 'refuse', code: 'FULL' } : { kind: 'add', evicted: [evicted] };
}

function refuseWhere(name: ObstacleRule, code: ErrorCode, applies: (question: Question) => boolean): Rule {
  return { name, decide: (question) => (applies(question) ? { kind: 'refuse', code } : undefined) };
}

/** A rule that never refuses a key that is already a peer. */
function refuseNewWhere(name: ObstacleRule, code: ErrorCode, applies: (question: Question) => boolean): Rule {
  return refuseWhere(name, code, (question) => question.known === undefined && applies(question));
}

function keepWhere(name: KeepingRule, applies: (question: Question) => boolean): Rule {
  return { name, decide: (question) => (applies(question) ? KEEP : undefined) };
}
