import type { DomainConfig } from '../../config/config.ts';
import type { PeerChange } from '../../core/changes/change.ts';
import { listEffects } from '../../core/changes/effects.ts';
import { registerDecision } from '../../core/changes/registering.ts';
import { type Asked, type DomainView, decideAdmission } from '../../core/decisions/admission.ts';
import { findObstacles } from '../../core/decisions/obstacles.ts';
import type { ErrorCode } from '../../core/exchange/exchange.ts';
import { describeError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { applyChanges } from '../../system/domain/apply-changes.ts';
import { logEffects } from '../../system/domain/change-log.ts';
import type { DomainSession } from '../../system/domain/domain-session.ts';
import { describeObstacle } from '../views/absence.ts';
import { type DomainEdit, editDomain } from './domain-edit.ts';
import type { Editing } from './editing.ts';

const OUTCOMES = { add: 'added', reset: 'reset', keep: 'kept' } as const;

/** Admits a key to a domain as if its router had registered, but without a source address: so no session ends. */
export function addKey(key: PublicKey, domain: DomainConfig, editing: Editing): Promise<DomainEdit> {
  return editDomain(domain, editing, async (view, session) => {
    const asked = { router: view.peers.describe(key) };
    const decision = decideAdmission(asked, view);
    if (decision.kind === 'refuse') {
      const reason = `Cannot add ${key}: ${explain(decision.code, asked, view, domain, editing)}: ${decision.code}`;
      return { outcome: 'refused', code: decision.code, reason, effects: [] };
    }
    const { change, lines } = registerDecision(decision, asked, view);
    const effects = listEffects(change, domain);
    if (!editing.dryRun) {
      if (!session.write(lines, view)) throw new Error(`Cannot add ${key}: the record of peers cannot be written`);
      await apply(change, domain, session, editing);
      const { log, names } = editing;
      logEffects(effects, { domain: domain.name, log, who: { by: 'operator' }, names });
    }
    return { outcome: OUTCOMES[change.kind], effects };
  });
}

function explain(
  code: ErrorCode,
  { router }: Asked,
  view: DomainView,
  domain: DomainConfig,
  { config, names }: Editing,
): string {
  const obstacle = findObstacles(router, view).find((one) => one.code === code);
  return obstacle === undefined
    ? 'it is refused'
    : describeObstacle(obstacle, router.address, domain, { config, names });
}

/** @throws Error if the change was not made. */
async function apply(
  change: PeerChange,
  domain: DomainConfig,
  session: DomainSession,
  { log }: Editing,
): Promise<void> {
  const { failures, leftOver } = await applyChanges(domain, [change]);
  if (leftOver !== undefined)
    log.report('left to the cleanup', { domain: domain.name, reason: describeError(leftOver) });
  if (failures.has(change)) throw failures.get(change);
  if (change.kind !== 'keep') session.memory.forgetMarks([change.router.key]);
}
