import type { Terminal } from '../../../cli/terminal/terminal.ts';
import { count, fold } from '../../../cli/terminal/words.ts';
import { escapeUnshowable } from '../../../core/values/quote.ts';
import { type Finding, isSound, NotChecked, type Outcome } from './finding.ts';

const GAP = '  ';
const MARGIN = '  ';
const PROBLEM_CHARACTERS = 500;

/** A line for each check, with its findings below it. */
export function renderOutcomes(outcomes: readonly Outcome[], terminal: Terminal): string[] {
  const width = Math.max(...outcomes.map((outcome) => nameCheck(outcome).length));
  return [...outcomes.flatMap((outcome) => renderOutcome(outcome, width, terminal)), '', renderSum(outcomes, terminal)];
}

function nameCheck({ tunnel, check }: Outcome): string {
  return tunnel === undefined ? check : `${tunnel}: ${check}`;
}

function renderOutcome(outcome: Outcome, nameWidth: number, terminal: Terminal): string[] {
  const { findings } = outcome;
  const { paint, width } = terminal;
  const head = nameCheck(outcome).padEnd(nameWidth) + GAP;
  if (findings instanceof NotChecked) {
    const lines = fold(`${head}not checked: ${findings.reason}`, width, ' '.repeat(head.length));
    return lines.map((line) => paint('faint', line));
  }
  if (findings.length === 0) return [head + paint('good', 'ok')];
  return [head + paint('bad', 'wrong'), ...findings.flatMap((finding) => renderFinding(finding, terminal))];
}

/** Never breaks a remedy, so that it can be copied. */
function renderFinding({ problem, remedy }: Finding, { width }: Terminal): string[] {
  const what = `${MARGIN}${escapeUnshowable(problem, PROBLEM_CHARACTERS)}`;
  const whole = remedy === undefined ? what : `${what}: ${remedy}`;
  if (remedy === undefined || whole.length <= width) return fold(whole, width, MARGIN.repeat(2));
  return [...fold(`${what}:`, width, MARGIN.repeat(2)), `${MARGIN.repeat(2)}${remedy}`];
}

function renderSum(outcomes: readonly Outcome[], { paint }: Terminal): string {
  const wrong = outcomes.flatMap(({ findings }) => (findings instanceof NotChecked ? [] : findings)).length;
  if (wrong > 0) return paint('bad', `${count(wrong, 'problem', 'problems')} found.`);
  const isComplete = outcomes.every(({ findings }) => !(findings instanceof NotChecked));
  return paint('good', isComplete ? 'No problems found.' : 'No problems found in the parts that were checked.');
}

/** The document of `wgkex-join doctor --json`; its shape is fixed in wgkex-join(8). */
export function describeOutcomes(outcomes: readonly Outcome[]): object {
  return { sound: outcomes.every(isSound), checks: outcomes.map(describeOutcome) };
}

function describeOutcome({ tunnel: about, check, findings }: Outcome): object {
  const tunnel = about ?? null;
  if (findings instanceof NotChecked)
    return { tunnel, check, state: 'not checked', reason: findings.reason, findings: [] };
  const list = findings.map(({ code, problem, remedy }) => ({ code, problem, remedy: remedy ?? null }));
  return { tunnel, check, state: list.length === 0 ? 'ok' : 'wrong', reason: null, findings: list };
}
