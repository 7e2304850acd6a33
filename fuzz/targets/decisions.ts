import { type History, histories } from '../arbitraries/histories.ts';
import { printEntries, readHistories } from '../corpus.ts';
import { play } from '../simulation/history.ts';
import { buildLocalTarget, type Target } from './target.ts';

/** The decisions, the record and a simulated kernel, over histories of a domain's keys. */
export function createDecisionsTarget(): Target<History> {
  const target = buildLocalTarget<History>({
    name: 'decisions',
    corpus: readHistories(),
    runs: histories(),
    print: (history) => printEntries('histories', [history]),
    check: async (history) => play(history),
  });
  return { ...target, count: countRequests };
}

function countRequests({ steps }: History): number {
  return steps.reduce((count, step) => count + (step.does === 'ask' ? step.asks.length : 0), 0);
}
