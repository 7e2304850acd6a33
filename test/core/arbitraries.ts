import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ADDRESS_VARIANTS, type AddressVariant } from '../../src/core/address-variant.ts';
import type { DomainView } from '../../src/core/admission.ts';
import type { DomainName, InterfaceName } from '../../src/core/domain.ts';
import { type IpAddress, parseIpAddress } from '../../src/core/ip-address.ts';
import { deriveLinkAddress } from '../../src/core/link-address.ts';
import { PeerTable } from '../../src/core/peer-table.ts';
import type { Peer } from '../../src/core/peers.ts';
import { InputError } from '../../src/core/printable.ts';
import { type PublicKey, parsePublicKey } from '../../src/core/public-key.ts';

/** Some moment, in seconds since 1970. */
export const NOW = 1_700_000_000;

/** Records of fast-check are then what a parser makes. */
export const PLAIN = { noNullPrototype: true } as const;

/** Text with everything in it: blanks, control characters, halves of surrogate pairs. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc
    .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 100 })
    .map((codePoints) => String.fromCodePoint(...codePoints)),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 }).map((codes) => String.fromCharCode(...codes)),
);

/** What was right but for one place, where something was left out or put in. */
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

/** Passes if `parse` returns, or refuses with one printable line; returns undefined then. */
export function parseOrRefuse<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof InputError, `threw ${error}`);
    assert.match(error.message, /^[ -~…]+$/);
    return undefined;
  }
}

/** Keys whose derived addresses are the same (of `eui64` and `ffmuc`); found by hashing some million strings. */
export const COLLIDING_KEYS = [
  ['RDMn8NLVpJv0k/+eIglLjiAIY/C8ZCy1LpMNsTQkqcg=', 'xZQUdI4zvzKmokQyNfZltinuY28pvz8cvFmtd/PDmeY='],
  ['Jk53PLCGLZ3ual2fCg8yv7WZCaRpupTnOKTMG5DWj9M=', '0P1TguHVMa94NteC/OnlYLjIJQ2/uqvhb9oLxyv8jcE='],
  ['Krh9GCi0fZf5md3HQB+XRq5AydYIQ4LOaBmSvvX62f8=', 'TEf/z4M7Jy6u86vmxx5e30gIRq9ooNqtopJuqwF1HpM='],
] as unknown as readonly [Pair, Pair, Pair];
type Pair = readonly [PublicKey, PublicKey];

/** Keys that have nothing to do with one another. */
export const KEYS = [
  'TszFS3oFRdhsJP3K0VOlklGMGYZy+oFCtlaghXJqW2g=',
  'igyqOmWiz4EZxPG8ZzU537MnHhaqlwfa7HarB3KmnEg=',
  'o52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg=',
  'N9uF5Gg1B5AqWrE9IuvDgzmQePhqhb8Em/HrRpAdnlY=',
] as unknown as readonly [PublicKey, PublicKey, PublicKey, PublicKey];

export const DOMAIN = 'ffww01' as DomainName;
export const WIREGUARD = 'wgww01' as InterfaceName;
export const VXLAN = 'vxww01' as InterfaceName;

/** The address that `key` has in the default derivation. */
export function addressOf(key: PublicKey): IpAddress {
  return deriveLinkAddress(key, 'eui64').address;
}

/** A peer of wgkex's; where nothing else is said, one that never had a handshake. */
export function ourPeer(key: PublicKey, state: Partial<Peer> = {}): Peer {
  const allowedIps = [`${addressOf(key)}/128`];
  return { key, endpoint: undefined, allowedIps, lastHandshake: 'never', received: 0, sent: 0, ...state };
}

/** What an admission sees; where nothing else is said, nothing is in its way. */
export function viewOf(peers: readonly Peer[], surroundings: Partial<DomainView> = {}): DomainView {
  return {
    peers: new PeerTable(peers, 'eui64'),
    ownKey: undefined,
    ownAddresses: new Set(),
    disallowed: new Set(),
    maxPeers: 100,
    maxPending: 100,
    staleAfterSeconds: 3600,
    firstSeen: () => NOW,
    ...surroundings,
  };
}

/** Few keys, so that they meet; among them some whose addresses collide. */
export const keyPool: fc.Arbitrary<PublicKey> = fc.constantFrom(...KEYS, ...COLLIDING_KEYS.flat());

/** A domain as the kernel could report it: no allowed IP belongs to two peers. For {@link viewOf}. */
export interface Situation {
  readonly peers: readonly Peer[];
  readonly surroundings: Partial<DomainView>;
}

const ADDRESSES = [parseIpAddress('2001:db8::1'), parseIpAddress('2001:db8::2')] as const;
const handshakes = fc.oneof(
  fc.constant('never' as const),
  fc.integer({ min: -10, max: 4000 }).map((age) => NOW - age),
);
const ours = fc
  .tuple(keyPool, handshakes, fc.constantFrom(...ADDRESSES))
  .map(([key, lastHandshake, endpoint]) => ourPeer(key, { lastHandshake, endpoint }));
const operators = fc
  .tuple(keyPool, fc.subarray(['10.0.0.0/8', 'fe80::1/128']), fc.option(keyPool))
  .map(([key, networks, victim]) =>
    ourPeer(key, { allowedIps: victim === null ? networks : [...networks, `${addressOf(victim)}/128`] }),
  );

/** Within its limits, and often at them. */
export const situations: fc.Arbitrary<Situation> = fc
  .record({
    peers: fc.array(fc.oneof({ weight: 3, arbitrary: ours }, { weight: 1, arbitrary: operators }), { maxLength: 9 }),
    ownKey: fc.option(keyPool, { nil: undefined }),
    own: fc.subarray([addressOf(KEYS[0]), addressOf(COLLIDING_KEYS[1][0])]),
    disallowed: fc.subarray([KEYS[1], COLLIDING_KEYS[0][1]]),
    firstSeen: fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 10, maxLength: 10 }),
    spareRoom: fc.tuple(fc.nat(2), fc.nat(2)),
  })
  .map(({ peers, ownKey, own, disallowed, firstSeen, spareRoom: [sparePeers, sparePending] }) => {
    const possible = asKernelReports(peers);
    const table = new PeerTable(possible, 'eui64');
    const times = new Map(possible.map(({ key }, index) => [key, NOW - (firstSeen[index] ?? 0)]));
    const surroundings = {
      ownKey,
      ownAddresses: new Set(own),
      disallowed: new Set(disallowed),
      maxPeers: Math.max(1, table.ours.size + sparePeers),
      maxPending: Math.max(1, table.pending.size + sparePending),
      firstSeen: (key: PublicKey) => times.get(key) ?? NOW,
    };
    return { peers: possible, surroundings };
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
