import { hostNetwork } from '../peers/address-plan.ts';
import { deriveAll, type MacAddress } from '../values/derived-address.ts';
import { InputError } from '../values/errors.ts';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import type { Peer } from '../values/peer.ts';
import { looksLikeKey, type PublicKey, parsePublicKey } from '../values/public-key.ts';
import { quote } from '../values/quote.ts';

/** An operator's search term for a router: its key or the beginning of it, one of its addresses, or its MAC address. */
export type RouterQuery =
  | { readonly kind: 'key'; readonly key: PublicKey }
  | { readonly kind: 'beginning'; readonly beginning: string }
  | { readonly kind: 'address'; readonly address: IpAddress }
  | { readonly kind: 'mac'; readonly mac: MacAddress };

const MAC_ADDRESS = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;
/** The beginning of a key, as the log abbreviates it; fewer characters would match too many keys. */
const BEGINNING = /^([A-Za-z0-9+/]{4,43})(…|\.\.\.)?$/;

/** What {@link parseRouterQuery} accepts, in words for an operator. */
export const ROUTER_WORDS = 'a public key, its first 4 characters or more, an IP address or a MAC address';

/** @throws InputError for anything else. */
export function parseRouterQuery(text: string): RouterQuery {
  if (looksLikeKey(text)) return { kind: 'key', key: parsePublicKey(text) };
  if (MAC_ADDRESS.test(text)) return { kind: 'mac', mac: text.toLowerCase().replaceAll('-', ':') as MacAddress };
  if (/[:.]/.test(text.replace(/\.\.\.$/, ''))) {
    // As an allowed IP is written.
    return { kind: 'address', address: parseIpAddress(text.replace(/\/(32|128)$/, '')) };
  }
  const [, beginning] = BEGINNING.exec(text) ?? [];
  if (beginning !== undefined) return { kind: 'beginning', beginning };
  throw new InputError(`Cannot look for ${quote(text)}: expected ${ROUTER_WORDS}`);
}

/** Whether the query means this peer: by anything derived from its key, by its allowed IPs, or by its endpoint. */
export function isMeant(query: RouterQuery, { key, allowedIps, endpoint }: Peer): boolean {
  switch (query.kind) {
    case 'key':
      return key === query.key;
    case 'beginning':
      return key.startsWith(query.beginning);
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
