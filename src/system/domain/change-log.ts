import type { Effect } from '../../core/changes/effects.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Events, LogFields } from '../../log/log.ts';

/** Tells the log what was done for a key; `who` says on whose behalf. */
export function logEffects(
  effects: readonly Effect[],
  { domain, log, who }: { readonly domain: DomainName; readonly log: Events; readonly who: LogFields },
): void {
  for (const { what, action, router } of effects) {
    if (what !== 'peer') continue;
    const fields = { domain, address: router.address, key: router.key };
    if (action === 'remove') log.info('made room', fields);
    else if (action === 'keep') log.info('kept', { ...fields, ...who, live: true });
    else log.info('joined', { ...fields, ...who, [action === 'add' ? 'new' : 'again']: true });
  }
}
