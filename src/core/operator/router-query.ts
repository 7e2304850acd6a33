import { hostNetwork } from '../peers/address-plan.ts';
import { deriveAll, type MacAddress } from '../values/derived-address.ts';
import { InputError } from '../values/errors.ts';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import type { Peer } from '../values/peer.ts';
import { looksLikeKey, type PublicKey, parsePublicKey } from '../values/public-key.ts';
import { findUnshowable, quote } from '../values/quote.ts';
import { hasPart, type RouterNames } from './router-names.ts';

/**
 * An operator's search term for a router: its key or the beginning of it, one of its addresses, its MAC address, or a part
 * of its name. What could be the beginning of a key could also be a part of a name.
 */
export type RouterQuery =
  | { readonly kind: 'key'; readonly key: PublicKey }
  | { readonly kind: 'beginning'; readonly beginning: string }
  | { readonly kind: 'name'; readonly part: string }
  | { readonly kind: 'address'; readonly address: IpAddress }
  | { readonly kind: 'mac'; readonly mac: MacAddress };

const MAC_ADDRESS = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;
/** The beginning of a key, as the log abbreviates it; fewer characters would match too many keys. */
const BEGINNING = /^([A-Za-z0-9+/]{4,43})(…|\.\.\.)?$/;

/** Of the characters of an address, with a colon or a dot; as a zone or an allowed IP, too. */
const ADDRESS = /^[0-9a-f:.]*[:.][0-9a-f:.]*([%/].*)?$/i;

/** What {@link parseRouterQuery} accepts, in words for an operator. */
export const ROUTER_WORDS =
  'a public key, its first 4 characters or more, an IP address, a MAC address, or a part of a name';

/** @throws InputError for anything else. */
export function parseRouterQuery(text: string): RouterQuery {
  if (looksLikeKey(text)) return { kind: 'key', key: parsePublicKey(text) };
  if (MAC_ADDRESS.test(text)) return { kind: 'mac', mac: text.toLowerCase().replaceAll('-', ':') as MacAddress };
  const [, beginning] = BEGINNING.exec(text) ?? [];
  if (beginning !== undefined) return { kind: 'beginning', beginning };
  if (ADDRESS.test(text)) {
    // As an allowed IP is written.
    return { kind: 'address', address: parseIpAddress(text.replace(/\/(32|128)$/, '')) };
  }
  if (text.trim() !== '' && findUnshowable(text) === undefined) return { kind: 'name', part: text.trim() };
  throw new InputError(`Cannot look for ${quote(text)}: expected ${ROUTER_WORDS}`);
}

/**
 * Whether the query means this peer: by anything derived from its key, by its allowed IPs, or by its endpoint. The name of
 * a router is not part of its peer, see {@link findNamed}.
 */
export function isMeant(query: RouterQuery, { key, allowedIps, endpoint }: Peer): boolean {
  switch (query.kind) {
    case 'key':
      return key === query.key;
    case 'beginning':
      return key.startsWith(query.beginning);
    case 'name':
      return false;
    case 'mac':
      return deriveAll(key).some(({ mac }) => mac === query.mac);
    case 'address':
      return (
        endpoint === query.address ||
        [hostNetwork(query.address), `${query.address}/32`].some((network) => allowedIps.includes(network)) ||
        deriveAll(key).some(({ address }) => address === query.address)
      );
  }
}

/** The keys whose names the query means, peers or not. */
export function findNamed(query: RouterQuery, names: RouterNames): PublicKey[] {
  const part = query.kind === 'name' ? query.part : query.kind === 'beginning' ? query.beginning : undefined;
  if (part === undefined) return [];
  return [...names].filter(([, name]) => hasPart(name, part)).map(([key]) => key);
}
