import { type Asked, type Decision, type DomainView, decideAdmission } from '../decisions/admission.ts';
import type { ErrorCode, Exchange } from '../exchange/exchange.ts';
import type { Router } from '../peers/address-plan.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { PeerChange } from './change.ts';
import { registerDecision } from './registering.ts';

/** A peer change, and the exchanges that it answers. */
export interface Change<E extends Exchange> extends PeerChange {
  readonly exchanges: E[];
}

export interface Plan<E extends Exchange> {
  readonly refused: readonly { readonly exchange: E; readonly code: ErrorCode }[];
  readonly changes: readonly Change<E>[];
  /** For the record, to be written before any change is made. */
  readonly lines: readonly string[];
}

/**
 * Decides exchanges one by one, each on the state that the earlier ones leave: `view` is updated along the way. The
 * changes must be applied in order. Exchanges for one key share a change; the one that resets counts.
 */
export function planChanges<E extends Exchange>(
  exchanges: readonly E[],
  view: DomainView,
  { findRouter, decide }: Admission<E> = OF_MESH,
): Plan<E> {
  const refused: { exchange: E; code: ErrorCode }[] = [];
  const changes = new Set<Change<E>>();
  const latest = new Map<PublicKey, Change<E>>();
  const lines: string[] = [];
  for (const exchange of exchanges) {
    const { from, broadcast: isBroadcast } = exchange;
    const asked = { router: findRouter(exchange, view), from, isBroadcast };
    const earlier = latest.get(exchange.key);
    const decision = isDecided(earlier, view) ? KEEP : decide(asked, view);
    if (decision.kind === 'refuse') {
      refused.push({ exchange, code: decision.code });
      continue;
    }
    const recorded = registerDecision(decision, asked, view);
    lines.push(...recorded.lines);
    if (earlier !== undefined && decision.kind === 'keep') {
      earlier.exchanges.push(exchange);
      continue;
    }
    // A change that keeps a session gives way. A change that a later one undid stays: the later one builds on it.
    const shared = earlier?.kind === 'keep' && changes.delete(earlier) ? earlier.exchanges : [];
    const change = { ...recorded.change, exchanges: [...shared, exchange] };
    changes.add(change);
    latest.set(exchange.key, change);
  }
  return { refused, changes: [...changes], lines };
}

/** Who is admitted to a domain, and with which address. */
export interface Admission<E extends Exchange> {
  findRouter(exchange: E, view: DomainView): Router;
  decide(asked: Asked, view: DomainView): Decision;
}

const OF_MESH: Admission<Exchange> = {
  findRouter: ({ key }, { peers }) => peers.describe(key),
  decide: decideAdmission,
};

const KEEP: Decision = { kind: 'keep' };

/** False for a key that another key of the same batch has since evicted. */
function isDecided(change: PeerChange | undefined, { peers }: DomainView): boolean {
  return change !== undefined && change.kind !== 'keep' && peers.ours.has(change.router.key);
}
