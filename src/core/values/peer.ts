import type { IpAddress } from './ip-address.ts';
import type { PublicKey } from './public-key.ts';
import type { UnixSeconds } from './time.ts';

/** Remembered last handshakes: the kernel forgets them with the interface, and with each registration. */
export type Handshakes = ReadonlyMap<PublicKey, UnixSeconds>;

export interface Peer {
  readonly key: PublicKey;
  /** Where its last authenticated packet came from; undefined before the first one, or if it cannot be read. */
  readonly endpoint: IpAddress | undefined;
  /** Networks in CIDR notation, in the kernel's spelling. */
  readonly allowedIps: readonly string[];
  readonly lastHandshake: UnixSeconds | 'never';
  /** Bytes from and to the peer since it was added. */
  readonly received: number;
  readonly sent: number;
  /** wgkex never sets either of these: a peer that has one was set up by the operator. */
  readonly hasPresharedKey: boolean;
  readonly hasKeepalive: boolean;
}
