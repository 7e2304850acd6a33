import type { GatewayId } from '../../core/fleet/gateway-id.ts';
import type { PublicKey } from '../../core/values/public-key.ts';

/** What became of a key on another gateway. */
export interface Elsewhere {
  readonly gateway: GatewayId;
  /** What routers dial, and an operator logs in to. */
  readonly host: string;
  readonly outcome: 'blocked' | 'failed' | 'offline' | 'not run';
  readonly reason?: string;
}

/** As an operator would type it. */
export function describeRemoteBlock(host: string, key: PublicKey): string {
  return `ssh root@${host} wgkex block ${key}`;
}
