import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import { type GatewayId, parseGatewayId } from '../core/fleet/gateway-id.ts';

/** What this machine is called in topics. @throws InputError if the host's name must serve, and cannot. */
export function findOwnId({ id }: NonNullable<Config['mqtt']>): GatewayId {
  return id ?? parseGatewayId(hostname());
}
