import type { Effect } from '../../core/changes/effects.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { RouterName } from '../../core/values/router-name.ts';
import type { Events, FieldsOf } from '../../log/events.ts';

interface Occasion {
  readonly domain: DomainName;
  readonly log: Events;
  /** On whose behalf it was done. */
  readonly who: Pick<FieldsOf<'admitted'>, 'from' | 'by' | 'lease'>;
  /** For the lines of an operator; the service knows none. */
  readonly names?: ReadonlyMap<PublicKey, RouterName>;
}

/** Logs what was done for a key. */
export function logEffects(effects: readonly Effect[], { domain, log, who, names }: Occasion): void {
  for (const { what, action, router } of effects) {
    if (what !== 'peer') continue;
    const fields = { domain, address: router.address, key: router.key, name: names?.get(router.key) };
    if (action === 'remove') log.report('evicted', fields);
    else if (action === 'keep') log.report('kept', { ...fields, ...who, live: true });
    else log.report('admitted', { ...fields, ...who, [action === 'add' ? 'new' : 'again']: true });
  }
}
