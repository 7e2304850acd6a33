import type { LeasedConfig } from '../../config/config.ts';
import type { Grant } from '../../core/exchange/exchange.ts';
import type { Lease, LeasedAddresses } from '../../core/leases/lease.ts';
import { buildReplyProof } from '../../core/leases/proof.ts';
import { buildTunnelConfig } from '../../core/leases/tunnel-config.ts';
import type { PublicKey } from '../../core/values/public-key.ts';

/** What the reply to a member is made of. */
interface Granting {
  readonly lease: Lease;
  readonly addresses: LeasedAddresses;
  /** The gateway's. */
  readonly ownKey: PublicKey;
  readonly claim: { readonly key: PublicKey; readonly nonce: string };
}

export function buildGrant({ lease, addresses, ownKey, claim }: Granting, { leased }: LeasedConfig): Grant {
  const { endpoint, allowed_ips: allowedIps, dns, mtu, relay } = leased;
  const settings = { endpoint, allowedIps, dns, mtu, relay, expires: lease.expires };
  const text = buildTunnelConfig({ ...settings, addresses, publicKey: ownKey });
  const line = Buffer.from(text).toString('base64');
  return { config: line, proof: buildReplyProof(lease.secret, { ...claim, line }) };
}
