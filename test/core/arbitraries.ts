import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DomainView } from '../../src/core/decisions/admission.ts';
import { Room } from '../../src/core/decisions/room.ts';
import type { KeyLists } from '../../src/core/exchange/key-lists.ts';
import { DerivedPlan, type Router } from '../../src/core/peers/address-plan.ts';
import { type Claims, ClaimTable } from '../../src/core/peers/claims.ts';
import { noteHandshake } from '../../src/core/peers/handshakes.ts';
import { PeerTable } from '../../src/core/peers/peer-table.ts';
import { findRecordedSource, PeerRecord, type Registration, UNRECORDED } from '../../src/core/peers/record.ts';
import { ADDRESS_VARIANTS, type AddressVariant } from '../../src/core/values/address-variant.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { InputError } from '../../src/core/values/errors.ts';
import { type IpAddress, parseIpAddress, type Source } from '../../src/core/values/ip-address.ts';
import type { DomainName, InterfaceName } from '../../src/core/values/names.ts';
import type { Peer } from '../../src/core/values/peer.ts';
import { type PublicKey, parsePublicKey } from '../../src/core/values/public-key.ts';
import type { Moment } from '../../src/core/values/time.ts';

/** Some moment, in seconds since 1970. */
export const NOW = 1_700_000_000;
/** The same moment by both clocks. */
export const MOMENT: Moment = { unix: NOW, monotonic: 100_000 };

/** Makes fast-check's records like those of a parser. */
export const PLAIN = { noNullPrototype: true } as const;

/** Text with everything in it: blanks, control characters, halves of surrogate pairs. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc
    .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 100 })
    .map((codePoints) => String.fromCodePoint(...codePoints)),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 }).map((codes) => String.fromCharCode(...codes)),
);

/** A correct text with one fault: something is left out or put in. */
export function damaged(right: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(right, fc.nat(), fc.nat(4), fc.oneof(texts, fc.constant(''))).map(([text, at, removed, inserted]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + inserted + text.slice(start + removed);
  });
}

export const publicKeys: fc.Arbitrary<PublicKey> = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((bytes) => bytes.some((byte) => byte !== 0))
  .map((bytes) => parsePublicKey(Buffer.from(bytes).toString('base64')));

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
export const domainNames: fc.Arbitrary<DomainName> = fc
  .tuple(fc.constantFrom(...LETTERS), fc.array(fc.constantFrom(...LETTERS, '-', '_'), { maxLength: 31 }))
  .map(([first, rest]) => [first, ...rest].join('') as DomainName);

export const variants: fc.Arbitrary<AddressVariant> = fc.constantFrom(...ADDRESS_VARIANTS);

export const ipAddresses: fc.Arbitrary<IpAddress> = fc
  .oneof(
    fc.ipV4(),
    fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 }).map(toIpv6),
  )
  .map(parseIpAddress);

/** Eight groups, nothing abbreviated. */
export function toIpv6(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

/** Bytes in any number of chunks. */
export function chunked(bytes: fc.Arbitrary<number>, maxChunkBytes: number): fc.Arbitrary<Buffer[]> {
  return fc.array(fc.array(bytes, { maxLength: maxChunkBytes }).map((chunk) => Buffer.from(chunk)));
}

/** Passes if `parse` returns, or refuses with one printable line; then it returns undefined. */
export function parseOrRefuse<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof InputError, `threw ${error}`);
    assert.match(error.message, /^[ -~…]+$/);
    return undefined;
  }
}

/** Keys whose derived addresses are the same (of `eui64` and `ffmuc`); found by hashing a few million strings. */
export const COLLIDING_KEYS = [
  ['RDMn8NLVpJv0k/+eIglLjiAIY/C8ZCy1LpMNsTQkqcg=', 'xZQUdI4zvzKmokQyNfZltinuY28pvz8cvFmtd/PDmeY='],
  ['Jk53PLCGLZ3ual2fCg8yv7WZCaRpupTnOKTMG5DWj9M=', '0P1TguHVMa94NteC/OnlYLjIJQ2/uqvhb9oLxyv8jcE='],
  ['Krh9GCi0fZf5md3HQB+XRq5AydYIQ4LOaBmSvvX62f8=', 'TEf/z4M7Jy6u86vmxx5e30gIRq9ooNqtopJuqwF1HpM='],
] as unknown as readonly [Pair, Pair, Pair];
type Pair = readonly [PublicKey, PublicKey];

/** Unrelated keys. */
export const KEYS = [
  'TszFS3oFRdhsJP3K0VOlklGMGYZy+oFCtlaghXJqW2g=',
  'igyqOmWiz4EZxPG8ZzU537MnHhaqlwfa7HarB3KmnEg=',
  'o52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg=',
  'N9uF5Gg1B5AqWrE9IuvDgzmQePhqhb8Em/HrRpAdnlY=',
] as unknown as readonly [PublicKey, PublicKey, PublicKey, PublicKey];

export const DOMAIN = 'ffww01' as DomainName;
export const WIREGUARD = 'wgww01' as InterfaceName;
export const VXLAN = 'vxww01' as InterfaceName;

/** The router of `key` in the default derivation. */
export function routerOf(key: PublicKey): Router {
  return { key, ...deriveLinkAddress(key, 'eui64') };
}

export function addressOf(key: PublicKey): IpAddress {
  return routerOf(key).address;
}

/** A peer of wgkex's; by default, one that never had a handshake. */
export function ourPeer(key: PublicKey, state: Partial<Peer> = {}): Peer {
  const allowedIps = [`${addressOf(key)}/128`];
  const rest = { received: 0, sent: 0, hasPresharedKey: false, hasKeepalive: false };
  return { key, endpoint: undefined, allowedIps, lastHandshake: 'never', ...rest, ...state };
}

/** A peer with one of the operator's marks. */
export function operatorsPeer(key: PublicKey, ...allowedIps: string[]): Peer {
  return ourPeer(key, { allowedIps, hasPresharedKey: true });
}

/** Everything about a domain besides its peers. */
export interface Surroundings extends Partial<Omit<DomainView, 'peers' | 'record' | 'room' | 'claims' | 'lists'>> {
  readonly now?: Moment;
  /** The keys in the record; by default, all peers were registered a long time ago. */
  readonly registrations?: ReadonlyMap<PublicKey, Partial<Registration>>;
  readonly unrecorded?: ReadonlySet<PublicKey>;
  readonly holds?: readonly (readonly [IpAddress, Source | undefined])[];
  readonly claims?: Claims;
  readonly lists?: Partial<KeyLists>;
  readonly variant?: AddressVariant;
}

/** The view for an admission; by default, without any obstacle. */
export function viewOf(peers: readonly Peer[], surroundings: Surroundings = {}): DomainView {
  const { now = MOMENT, holds = [], claims, lists: some, variant = 'eui64', ...limits } = surroundings;
  const record = recordOf(peers, surroundings);
  for (const [address, source] of holds) record.hold(address, source, now);
  return viewWith(peers, record, { now, lists: listsOf(some), claims, variant, ...limits });
}

/** The lists of an operator, empty unless given. */
export function listsOf(lists: Partial<KeyLists> = {}): KeyLists {
  const none = { disallowed: new Set<PublicKey>(), static: new Set<PublicKey>(), allowed: undefined };
  return { ...none, problems: [], doubts: [], complaints: [], ...lists };
}

/** The record after a reading of `peers`. */
function recordOf(peers: readonly Peer[], { registrations, unrecorded, now = MOMENT }: Surroundings): PeerRecord {
  const record = new PeerRecord('boot');
  for (const { key } of peers) if (!unrecorded?.has(key)) record.set(key, UNRECORDED);
  for (const [key, known] of registrations ?? []) record.set(key, { ...UNRECORDED, ...known });
  for (const peer of peers) {
    const known = record.registrations.get(peer.key);
    const noted = known && noteHandshake(peer, known, now);
    if (noted !== undefined) record.set(peer.key, noted);
  }
  return record;
}

interface ViewSettings extends Omit<Surroundings, 'lists' | 'claims'> {
  readonly now: Moment;
  readonly variant: AddressVariant;
  readonly lists: KeyLists;
  readonly claims: Claims | undefined;
}

/** A view of these peers with an existing record. */
export function viewWith(peers: readonly Peer[], record: PeerRecord, settings: ViewSettings): DomainView {
  const { now, lists, claims, variant, ownKey, ownAddresses, unrecordable } = settings;
  const { maxPeers = 100, maxPending = 100, staleAfterSeconds = 3600 } = settings;
  const plan = new DerivedPlan(variant);
  const ownership = { registrations: record.registrations, staticKeys: lists.static, plan };
  const table = new PeerTable(peers, { ...ownership, staleAfterSeconds }, now);
  return {
    ...{ peers: table, record, room: new Room(table, { maxPeers, maxPending }), lists },
    claims: new ClaimTable(claims ?? new Map(), (key) => plan.describe(key).address),
    ...{ ownKey, ownAddresses: ownAddresses ?? new Set<string>(), maxPeers, maxPending, staleAfterSeconds },
    unrecordable,
  };
}

/** Few keys, so that they repeat; the addresses of some collide. */
export const keyPool: fc.Arbitrary<PublicKey> = fc.constantFrom(...KEYS, ...COLLIDING_KEYS.flat());

/** A domain as the kernel could report it, for {@link viewOf}: no allowed IP belongs to two peers. */
export interface Situation {
  readonly peers: readonly Peer[];
  readonly surroundings: Surroundings;
}

/** Addresses of three households, two of them in one site, and of a fourth household elsewhere. */
export const SOURCES = ['2001:db8::1', '2001:db8::2', '2001:db8:0:100::1', '2001:db8:1::1', '192.0.2.1'].map(
  parseIpAddress,
);
const ages = fc.oneof(fc.constantFrom(0, 9, 10, 59, 60), fc.nat(4000));
const handshakes = fc.oneof(
  fc.constant('never' as const),
  fc.oneof(ages, fc.integer({ min: -10, max: 4000 })).map((age) => NOW - age),
);
const endpoints = fc.constantFrom(undefined, ...SOURCES);
const ours = fc
  .tuple(keyPool, handshakes, endpoints, fc.constantFrom('its', 'its', 'its', 'former', 'none'))
  .map(([key, lastHandshake, endpoint, address]) => {
    const networks = { its: [addressOf(key)], former: [deriveLinkAddress(key, 'ffmuc').address], none: [] };
    return ourPeer(key, { lastHandshake, endpoint, allowedIps: networks[address].map((one) => `${one}/128`) });
  });
const operators = fc
  .tuple(keyPool, fc.subarray(['10.0.0.0/8', 'fe80::1/128']), fc.option(keyPool))
  .map(([key, networks, victim]) =>
    operatorsPeer(key, ...networks, ...(victim === null ? [] : [`${addressOf(victim)}/128`])),
  );

const past = ages.map((age) => MOMENT.monotonic - age);
const sources = endpoints.map((from) => findRecordedSource(from));
/** As wgkex makes them: a reset comes after the addition. */
export const registrations: fc.Arbitrary<Registration> = fc
  .record(
    {
      times: fc.tuple(past, past).map((some) => some.sort((a, b) => a - b)),
      isReset: fc.boolean(),
      source: sources,
      isProtected: fc.boolean(),
      isLeaving: fc.boolean(),
      restores: fc.nat(4),
      heard: fc.option(fc.record({ at: fc.nat(4000).map((age) => NOW - age), readAt: past }, PLAIN), {
        nil: undefined,
      }),
    },
    PLAIN,
  )
  .map(({ times: [added = 0, reset = 0], ...rest }) => {
    return { ...rest, pendingSince: added, registeredAt: rest.isReset ? reset : added };
  });
const claims: fc.Arbitrary<Claims> = fc
  .uniqueArray(keyPool, { maxLength: 3, selector: addressOf })
  .map((keys) => new Map(keys.map((key) => [key, { first: NOW - 9000, last: NOW - 5000, silentSeconds: 5000 }])));

/** Situations within the limits, and often at them. */
export const situations: fc.Arbitrary<Situation> = fc
  .record({
    peers: fc.array(fc.oneof({ weight: 4, arbitrary: ours }, { weight: 1, arbitrary: operators }), { maxLength: 9 }),
    known: fc.array(fc.tuple(keyPool, registrations), { maxLength: 10 }),
    ownKey: fc.option(keyPool, { nil: undefined }),
    own: fc.subarray([addressOf(KEYS[0]), addressOf(COLLIDING_KEYS[1][0])]),
    disallowed: fc.subarray([KEYS[1], COLLIDING_KEYS[0][1]]),
    statics: fc.subarray([KEYS[3], COLLIDING_KEYS[2][1]]),
    claims,
    holds: fc.array(fc.tuple(keyPool.map(addressOf), sources), { maxLength: 4 }),
    spareRoom: fc.tuple(fc.nat(2), fc.nat(2)),
  })
  .map(({ peers, known, ownKey, own, disallowed, statics, spareRoom, ...rest }) => {
    const possible = asKernelReports(peers);
    const surroundings = {
      ...rest,
      ownKey,
      registrations: new Map(known),
      ownAddresses: new Set(own),
      lists: { disallowed: new Set(disallowed), static: new Set(statics) },
    };
    const table = viewOf(possible, surroundings).peers;
    const maxPeers = Math.max(1, table.ours.size + spareRoom[0]);
    return {
      peers: possible,
      surroundings: { ...surroundings, maxPeers, maxPending: Math.max(1, table.pending.size + spareRoom[1]) },
    };
  });

function asKernelReports(peers: readonly Peer[]): Peer[] {
  const reported: Peer[] = [];
  const taken = new Set<string>();
  for (const peer of peers) {
    if (taken.has(peer.key) || peer.allowedIps.some((network) => taken.has(network))) continue;
    for (const word of [peer.key, ...peer.allowedIps]) taken.add(word);
    reported.push(peer);
  }
  return reported;
}
