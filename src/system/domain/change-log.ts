import type { Effect } from '../../core/changes/effects.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Events, FieldsOf } from '../../log/events.ts';

/** Logs what was done for a key; `who` says on whose behalf. */
export function logEffects(
  effects: readonly Effect[],
  {
    domain,
    log,
    who,
  }: { readonly domain: DomainName; readonly log: Events; readonly who: Pick<FieldsOf<'admitted'>, 'from' | 'by'> },
): void {
  for (const { what, action, router } of effects) {
    if (what !== 'peer') continue;
    const fields = { domain, address: router.address, key: router.key };
    if (action === 'remove') log.report('evicted', fields);
    else if (action === 'keep') log.report('kept', { ...fields, ...who, live: true });
    else log.report('admitted', { ...fields, ...who, [action === 'add' ? 'new' : 'again']: true });
  }
}
