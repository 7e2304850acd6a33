import type { Instance } from '../core/client/instance.ts';
import type { RequestOf } from '../core/client/messages.ts';
import { formatHostPort } from '../core/values/host-port.ts';
import { type IpAddress, parseNetwork } from '../core/values/ip-address.ts';
import { quote } from '../core/values/quote.ts';

/** What wgkex-join chose: everything in its request that a gateway did not prove. */
export type Choice = Pick<RequestOf<'up'>, 'gateway' | 'endpoint' | 'via'>;

/** Where the relay's client of this machine listens. */
const RELAY_ADDRESS = '127.0.0.1' as IpAddress;

/** A gateway has none of these addresses. */
const IMPOSSIBLE = (
  [
    ['0.0.0.0/8', 'unspecified'],
    ['127.0.0.0/8', 'loopback'],
    ['169.254.0.0/16', 'link-local'],
    ['224.0.0.0/4', 'multicast'],
    ['240.0.0.0/4', 'reserved'],
    ['::/128', 'unspecified'],
    ['::1/128', 'loopback'],
    ['::/96', 'reserved'],
    ['fe80::/10', 'link-local'],
    ['ff00::/8', 'multicast'],
  ] as const
).map(([network, kind]) => ({ network: parseNetwork(network), kind }));

/** Why root's file does not permit this gateway, way or address, in one line; undefined if it does. */
export function findChoiceObjection({ gateway, endpoint, via }: Choice, instance: Instance): string | undefined {
  if (!instance.gateways.some((known) => formatHostPort(known) === gateway))
    return `Cannot use gateway ${quote(gateway)}: root's file does not name it`;
  return findWayObjection(via, instance) ?? findAddressObjection(endpoint.address, via);
}

function findWayObjection(via: Choice['via'], { overTcp }: Instance): string | undefined {
  if (overTcp === 'always' && via === 'udp') return 'Cannot send by UDP: over_tcp is "always" in root\'s file';
  if (overTcp === 'never' && via === 'tcp') return 'Cannot send through a relay: over_tcp is "never" in root\'s file';
  return undefined;
}

function findAddressObjection(address: IpAddress, via: Choice['via']): string | undefined {
  if (via === 'tcp') {
    if (address === RELAY_ADDRESS) return undefined;
    return `Cannot send to ${address}: a relay's client listens on ${RELAY_ADDRESS}`;
  }
  const kind = IMPOSSIBLE.find(({ network }) => network.contains(address))?.kind;
  return kind && `Cannot send to ${address}: it is ${kind}, and so not a gateway's`;
}
