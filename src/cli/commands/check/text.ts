import { type Finding, isSound, NotChecked } from '../../check/check.ts';
import type { Fix } from '../../check/fixes.ts';
import { type Concern, describeFault } from '../../gateway/concern.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { count, fold } from '../../terminal/words.ts';
import { renderConcern } from '../../views/concern.ts';

const GAP = '  ';
const MARGIN = '  ';

/** A line for each check, with its findings below it. */
export function renderFindings(findings: readonly Finding[], terminal: Terminal): string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap((finding) => renderFinding(finding, width, terminal));
  return [...lines, '', renderSum(findings, terminal)];
}

function renderFinding({ name, outcome }: Finding, nameWidth: number, terminal: Terminal): string[] {
  const { paint, width } = terminal;
  const head = name.padEnd(nameWidth) + GAP;
  if (outcome instanceof NotChecked)
    return fold(`${head}not checked: ${outcome.reason}`, width, ' '.repeat(head.length)).map((line) =>
      paint('faint', line),
    );
  if (outcome.length === 0) return [head + paint('good', 'ok')];
  return [head + paint('bad', 'wrong'), ...outcome.flatMap((concern) => renderConcern(concern, terminal))];
}

function renderSum(findings: readonly Finding[], { paint }: Terminal): string {
  const wrong = findings.flatMap(({ outcome }) => (outcome instanceof NotChecked ? [] : outcome)).length;
  if (wrong > 0) return paint('bad', `${count(wrong, 'problem', 'problems')} found.`);
  const isComplete = findings.every(({ outcome }) => !(outcome instanceof NotChecked));
  return paint('good', isComplete ? 'No problems found.' : 'No problems found in the parts that were checked.');
}

/** The problems that a question is about. */
export function renderProposal(concerns: readonly Concern[], terminal: Terminal): string[] {
  return ['', ...concerns.flatMap((concern) => renderConcern({ ...concern, remedy: undefined }, terminal))];
}

const FIX_STYLES = { done: 'good', failed: 'bad', 'not run': 'faint' } as const;

/** What became of a remedy: `done: systemctl enable --now wgkex.socket`. */
export function renderFix({ remedy, outcome, reason }: Fix, { paint, width }: Terminal): string[] {
  const why = reason === undefined ? [] : fold(`${MARGIN}${reason}`, width, MARGIN.repeat(2));
  return [`${paint(FIX_STYLES[outcome], outcome)}: ${remedy}`, ...why];
}

/** The document of `wgkex check --json`; its shape is fixed in wgkex(8). Without `--fix` there are no fixes. */
export function describeFindings(findings: readonly Finding[], fixes?: readonly Fix[]): object {
  return {
    sound: findings.every(isSound),
    checks: findings.map(describeFinding),
    fixes:
      fixes?.map(({ remedy, outcome, reason }) => ({ remedy: String(remedy), outcome, reason: reason ?? null })) ??
      null,
  };
}

function describeFinding({ name, outcome }: Finding): object {
  if (outcome instanceof NotChecked) return { check: name, state: 'not checked', reason: outcome.reason, findings: [] };
  const findings = outcome.map(({ domain, ...fault }) => ({ domain: domain ?? null, ...describeFault(fault) }));
  return { check: name, state: findings.length === 0 ? 'ok' : 'wrong', reason: null, findings };
}
