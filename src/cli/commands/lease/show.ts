import type { Lease } from '../../../core/leases/lease.ts';
import { describeError } from '../../../core/values/errors.ts';
import { readWireguard } from '../../../system/kernel/wg.ts';
import { beginLeasing, findLeasedDomains, type Leasing, readLeaseId, requireLease } from '../../leases/leasing.ts';
import type { Call } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeShownLease, renderShownLease, type ShownLease } from './show-text.ts';

/** `wgkex lease show ID`: everything about a lease but its secret. False if its peer cannot be read. */
export async function run({ args: [text = ''], options }: Call): Promise<boolean> {
  const id = readLeaseId(text);
  const leasing = beginLeasing(options);
  const lease = await requireLease(id, leasing);
  const { peer, complaint } = await readPeer(lease, leasing);
  if (complaint !== undefined) complain(complaint);
  const name = lease.key && leasing.names.get(lease.key);
  const shown = { lease, peer, name, isRead: complaint === undefined, now: leasing.now };
  if (options.json) printJson(describeShownLease(shown));
  else printLines(renderShownLease(shown, findTerminal()));
  return complaint === undefined;
}

/** Takes no lock. */
async function readPeer(
  { domain: name, key }: Lease,
  { config }: Leasing,
): Promise<{ readonly peer?: ShownLease['peer']; readonly complaint?: string }> {
  const domain = findLeasedDomains(config).find((each) => each.name === name);
  if (key === undefined || domain === undefined) return {};
  try {
    const { peers } = await readWireguard(domain);
    return { peer: peers.find((peer) => peer.key === key) };
  } catch (error) {
    return { complaint: `${name}: ${describeError(error)}` };
  }
}
