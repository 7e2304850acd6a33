import { type Finding, isSound, NotChecked } from '../../check/check.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { count, fold } from '../../terminal/words.ts';
import { renderConcern } from '../../views/concern.ts';

const GAP = '  ';

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

/** The document of `wgkex check --json`; its shape is fixed in wgkex(8). */
export function describeFindings(findings: readonly Finding[]): object {
  return { sound: findings.every(isSound), checks: findings.map(describeFinding) };
}

function describeFinding({ name, outcome }: Finding): object {
  if (outcome instanceof NotChecked) return { check: name, state: 'not checked', reason: outcome.reason, findings: [] };
  const findings = outcome.map(({ domain, problem, remedy }) => ({
    domain: domain ?? null,
    problem,
    remedy: remedy ?? null,
  }));
  return { check: name, state: findings.length === 0 ? 'ok' : 'wrong', reason: null, findings };
}
