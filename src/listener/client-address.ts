import type { Socket } from 'node:net';
import { type IpAddress, parseIpAddress } from '../core/values/ip-address.ts';

/** Undefined if the client was gone before it was accepted. */
export function findClientAddress({ remoteAddress }: Socket): IpAddress | undefined {
  try {
    return remoteAddress === undefined ? undefined : parseIpAddress(remoteAddress);
  } catch {
    return undefined;
  }
}
