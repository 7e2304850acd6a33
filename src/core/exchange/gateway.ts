import type { IpAddress } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';

/** What a router needs to know of a domain's WireGuard interface for its tunnel. */
export interface GatewayInterface {
  readonly port: number;
  readonly publicKey: PublicKey;
  /** Link-local: the remote of the router's VXLAN. */
  readonly linkAddress: IpAddress;
}

/** The same with the name that the router dials. */
export interface Gateway extends GatewayInterface {
  readonly name: string;
}
