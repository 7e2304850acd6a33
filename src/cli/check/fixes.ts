import { describeError } from '../../core/values/errors.ts';
import { run } from '../../system/run/run.ts';
import type { Concern } from '../gateway/concern.ts';
import { HarmlessRemedy } from '../gateway/harmless.ts';
import { type Finding, NotChecked } from './check.ts';

/** A harmless remedy, and every problem that names it. */
export interface Proposal {
  readonly remedy: HarmlessRemedy;
  readonly concerns: readonly Concern[];
}

/** What became of a harmless remedy. */
export interface Fix {
  readonly remedy: HarmlessRemedy;
  readonly outcome: 'done' | 'failed' | 'not run';
  /** Only of one that failed. */
  readonly reason?: string;
}

/** In the order of the findings, each command once. */
export function listProposals(findings: readonly Finding[]): Proposal[] {
  const proposals = new Map<string, Proposal>();
  for (const concern of findings.flatMap(({ outcome }) => (outcome instanceof NotChecked ? [] : outcome))) {
    const { remedy } = concern;
    if (!(remedy instanceof HarmlessRemedy)) continue;
    const { concerns = [] } = proposals.get(String(remedy)) ?? {};
    proposals.set(String(remedy), { remedy, concerns: [...concerns, concern] });
  }
  return [...proposals.values()];
}

export async function applyRemedy(remedy: HarmlessRemedy): Promise<Fix> {
  try {
    await run(remedy.program, remedy.args);
    return { remedy, outcome: 'done' };
  } catch (error) {
    return { remedy, outcome: 'failed', reason: describeError(error) };
  }
}
