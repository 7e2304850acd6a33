import { findConcerns } from '../gateway/attention.ts';
import { type DomainStatus, readGateway } from '../gateway/gateway.ts';
import { type Check, isRoot, NEEDS_ROOT } from './check.ts';

/** Forwarding entries and routes against peers, limits, disallowed keys: what `wgkex status` says of them. */
export const peers: Check = {
  name: 'peers',
  async find({ domains, config }) {
    if (!isRoot()) return NEEDS_ROOT;
    const status = await readGateway(domains, config);
    const readable = status.domains.filter(isReadable).map((one) => ({ ...one, nextCleanup: undefined }));
    return findConcerns({ ...status, domains: readable, isListening: undefined });
  },
};

/** What is wrong with the others, the interfaces say. */
function isReadable({ wireguard, vxlan, reading }: DomainStatus): boolean {
  return wireguard.state === 'ok' && vxlan.state === 'ok' && !(reading instanceof Error);
}
