import type { ErrorCode } from '../exchange/exchange.ts';
import type { Router } from '../peers/address-plan.ts';
import type { PublicKey } from '../values/public-key.ts';
import {
  askAbout,
  type Decision,
  type DomainView,
  isObstacleRule,
  type ObstacleRule,
  type Question,
  RULES,
} from './admission.ts';

/** Something that prevents a key that is not a peer from being admitted, or that may have evicted it. */
export interface Obstacle {
  readonly rule: ObstacleRule;
  /** The reply to its router; undefined if the key would still be admitted. */
  readonly code: ErrorCode | undefined;
  /** The key that has its address. */
  readonly holder?: PublicKey | undefined;
}

/** All obstacles to a router by the rules of admission; the first one is what the gateway would answer. */
export function findObstacles(router: Router, view: DomainView): Obstacle[] {
  const question = askAbout({ router }, view);
  const obstacles: Obstacle[] = [];
  for (const { name, decide } of RULES.filter(isObstacleRule)) {
    const decision = decide(question);
    obstacles.push(...describeDecision(name, decision, question));
    // The rules after one that admits the key never apply.
    if (decision !== undefined && decision.kind !== 'refuse') break;
  }
  return obstacles;
}

function describeDecision(name: ObstacleRule, decision: Decision | undefined, { view }: Question): Obstacle[] {
  if (decision?.kind === 'refuse') return [{ rule: name, code: decision.code, holder: decision.holder }];
  if (decision?.kind !== 'add') return [];
  const [holder] = decision.evicted;
  return holder === undefined || !view.peers.ours.has(holder) ? [] : [{ rule: name, code: undefined, holder }];
}
