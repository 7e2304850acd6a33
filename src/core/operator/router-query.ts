import { hostNetwork } from '../peers/address-plan.ts';
import { deriveAll, type MacAddress } from '../values/derived-address.ts';
import { InputError } from '../values/errors.ts';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import type { Peer } from '../values/peer.ts';
import { looksLikeKey, type PublicKey, parsePublicKey } from '../values/public-key.ts';
import { quote } from '../values/quote.ts';

/** What an operator knows of a router: its key or how that begins, an address of it, or its MAC address. */
export type RouterQuery =
  | { readonly kind: 'key'; readonly key: PublicKey }
  | { readonly kind: 'beginning'; readonly beginning: string }
  | { readonly kind: 'address'; readonly address: IpAddress }
  | { readonly kind: 'mac'; readonly mac: MacAddress };

const MAC_ADDRESS = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;
/** Of a key, as the log abbreviates it; fewer characters would fit too many. */
const BEGINNING = /^([A-Za-z0-9+/]{4,43})(…|\.\.\.)?$/;

/** What {@link parseRouterQuery} takes, for an operator. */
export const ROUTER_WORDS = 'a public key, its first 4 characters or more, an IP address or a MAC address';

/** @throws InputError for what is none of them. */
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

/** Whether this is the router: by what any derivation makes of its key, its allowed IPs, or its endpoint. */
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
