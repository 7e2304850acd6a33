import { parseTunnelFile } from '../core/client/configuration/tunnel-file.ts';
import type { Look } from '../core/client/messages.ts';
import type { Accepted } from '../system/client/store/accepted.ts';
import type { Kernel } from './kernel.ts';

type State = Awaited<ReturnType<Kernel['readTunnel']>>;

/** What the kernel says, and the latest accepted configuration, whether the tunnel is up or not. */
export function buildLook({ isUp, handshake, received, sent }: State, accepted: Accepted | undefined): Look {
  const state = { isUp, handshake, received, sent };
  if (accepted === undefined) return { ...state, addresses: [] };
  const { addresses, expires, relay } = parseTunnelFile(accepted.config);
  return {
    ...state,
    gateway: accepted.gateway,
    via: accepted.via,
    ...(expires === undefined ? {} : { expires }),
    ...(relay === undefined ? {} : { relay }),
    addresses: [addresses.address4, addresses.address6].filter((address) => address !== undefined),
  };
}
