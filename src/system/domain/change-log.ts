import type { PeerChange } from '../../core/changes/change.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Events, LogFields } from '../../log/log.ts';

/** Tells the log what was done for a key; `who` says on whose behalf. */
export function logChange(
  { kind, router, evicted }: PeerChange,
  { domain, log, who }: { readonly domain: DomainName; readonly log: Events; readonly who: LogFields },
): void {
  for (const { address, key } of evicted) log.info('made room', { domain, address, key });
  const fields = { domain, address: router.address, key: router.key, ...who };
  if (kind === 'keep') log.info('kept', { ...fields, live: true });
  else log.info('joined', { ...fields, [kind === 'add' ? 'new' : 'again']: true });
}
