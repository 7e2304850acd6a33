import { createHash } from 'node:crypto';

/** 127.64.0.0/10, in which an address has 22 bits of its own. */
const NETWORK = 0x7f400000;
const HOST_BITS = 22;

/** The address from which the relay speaks for one source to a target in 127.0.0.0/8: always the same one. */
export function deriveLocalAddress(source: string): string {
  const hash = createHash('sha256').update(source).digest().readUInt32BE();
  const address = NETWORK + (hash >>> (32 - HOST_BITS));
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** Whether a target can tell such addresses apart. */
export function isIpv4Loopback(address: string): boolean {
  return address.startsWith('127.');
}
