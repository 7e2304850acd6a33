import { findConcerns } from '../gateway/attention.ts';
import { type DomainStatus, readGateway } from '../gateway/gateway.ts';
import { type Check, isRoot, NEEDS_ROOT } from './check.ts';

/** What `wgkex status` reports: forwarding entries and routes that do not match the peers, limits, disallowed keys. */
export const peers: Check = {
  name: 'peers',
  async find({ domains, config }) {
    if (!isRoot()) return NEEDS_ROOT;
    const status = await readGateway(domains, config);
    const readable = status.domains.filter(isReadable).map((one) => ({ ...one, nextCleanup: undefined }));
    return findConcerns({ ...status, domains: readable, isListening: undefined });
  },
};

/** The interfaces check reports the faults of the other domains. */
function isReadable({ wireguard, vxlan, reading }: DomainStatus): boolean {
  return wireguard.state === 'ok' && (vxlan?.state ?? 'ok') === 'ok' && !(reading instanceof Error);
}
