import { applyRemedy, type Fix, type Proposal } from '../../check/fixes.ts';
import { complain, printLines } from '../../terminal/print.ts';
import { Questions } from '../../terminal/questions.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { renderFix, renderProposal } from './text.ts';

interface FixOptions {
  readonly json?: boolean;
  /** Ask no questions. */
  readonly yes?: boolean;
}

const NOBODY_TO_ASK = 'nothing was changed: --fix asks on a terminal; without one, and with --json, it needs --yes';

/** Runs the harmless remedies that the operator wants. */
export async function applyFixes(proposals: readonly Proposal[], { json, yes }: FixOptions): Promise<Fix[]> {
  const tell = (fix: Fix) => {
    if (!json) printLines(renderFix(fix, findTerminal()));
    return fix;
  };
  if (yes) return visit(proposals, async ({ remedy }) => tell(await applyRemedy(remedy)));
  if (!json && process.stdin.isTTY && process.stdout.isTTY) return askAndApply(proposals, tell);
  complain(NOBODY_TO_ASK);
  return proposals.map(({ remedy }) => tell({ remedy, outcome: 'not run' }));
}

/** After Ctrl-C, or at the end of the input, there are no more questions, and nothing else is run. */
async function askAndApply(proposals: readonly Proposal[], tell: (fix: Fix) => Fix): Promise<Fix[]> {
  const questions = new Questions();
  let answer: boolean | undefined = false;
  try {
    return await visit(proposals, async ({ remedy, concerns }) => {
      if (answer !== undefined) {
        printLines(renderProposal(concerns, findTerminal()));
        answer = await questions.ask(`Run ${remedy}?`);
        if (answer === undefined) printLines(['']);
      }
      return tell(answer ? await applyRemedy(remedy) : { remedy, outcome: 'not run' });
    });
  } finally {
    questions.close();
  }
}

/** One after the other. */
async function visit(proposals: readonly Proposal[], apply: (proposal: Proposal) => Promise<Fix>): Promise<Fix[]> {
  const fixes: Fix[] = [];
  for (const proposal of proposals) fixes.push(await apply(proposal));
  return fixes;
}
