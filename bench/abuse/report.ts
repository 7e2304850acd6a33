import type { Figures } from './cases.ts';
import type { MemorySample } from './memory.ts';
import type { Witness } from './scene.ts';

/** What is kept of a case. */
export interface CaseReport {
  readonly name: string;
  readonly what: string;
  /** How long the abuse took. */
  readonly seconds: number;
  /** What the abuser got. */
  readonly abuser: Figures;
  /** Exchanges of a router meanwhile. */
  readonly router: {
    readonly replies: Figures;
    readonly medianMilliseconds: number;
    readonly longestMilliseconds: number;
  };
  readonly pings: Witness['pings'];
  readonly log: { readonly lines: number; readonly bytes: number; readonly unprintableBytes: number };
  readonly memory: readonly MemorySample[];
}

const MEGABYTE = 1_000_000;
const SPARKS = '▁▂▃▄▅▆▇█';
const SPARK_COLUMNS = 60;

export function summarise(name: string, what: string, abuser: Figures, witness: Witness): CaseReport {
  const { milliseconds, replies } = witness.probes;
  return {
    name,
    what,
    seconds: round(witness.seconds),
    abuser,
    router: {
      replies,
      medianMilliseconds: round(milliseconds[Math.floor(milliseconds.length / 2)] ?? 0),
      longestMilliseconds: round(milliseconds.at(-1) ?? 0),
    },
    pings: witness.pings,
    log: {
      lines: Object.values(witness.log.lines).reduce((sum, count) => sum + count, 0),
      bytes: Buffer.byteLength(witness.log.text),
      unprintableBytes: witness.log.text.replace(/[ -~…\n]/g, '').length,
    },
    memory: witness.memory,
  };
}

/** A table of all cases, and below it what each abuser got and the curve of both parts' memory. */
export function print(reports: readonly CaseReport[]): void {
  const header = [
    '',
    'seconds',
    'router: OK',
    'median',
    'longest',
    'pings',
    'lost',
    'log lines',
    'listener MB',
    'handler MB',
  ];
  const rows = reports.map(({ name, seconds, router, pings, log, memory }) => [
    name,
    String(seconds),
    `${router.replies['OK'] ?? 0} of ${total(router.replies)}`,
    `${router.medianMilliseconds} ms`,
    `${router.longestMilliseconds} ms`,
    String(pings.sent),
    String(pings.lost),
    String(log.lines),
    describeMemory(memory.map(({ listener }) => listener)),
    describeMemory(memory.map(({ handler }) => handler)),
  ]);
  printTable([header, ...rows]);
  for (const report of reports) printCase(report);
}

function printCase({ name, what, abuser, log, memory }: CaseReport): void {
  const got = Object.entries(abuser).map(([figure, count]) => `${figure} ${count}`);
  console.log(`\n${name}: ${what}\n  ${got.join(', ')}; log: ${log.bytes} bytes, ${log.unprintableBytes} unprintable`);
  console.log(`  listener ${drawCurve(memory.map(({ listener }) => listener))}`);
  console.log(`  handler  ${drawCurve(memory.map(({ handler }) => handler))}`);
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) console.log(row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '));
}

/** First, most, last. */
function describeMemory(bytes: readonly number[]): string {
  return [bytes[0] ?? 0, Math.max(...bytes), bytes.at(-1) ?? 0].map((some) => Math.round(some / MEGABYTE)).join(' ');
}

/** From nothing to the highest value, in as many columns as there are samples, up to {@link SPARK_COLUMNS}. */
function drawCurve(values: readonly number[]): string {
  const columns = Math.min(values.length, SPARK_COLUMNS);
  const shown = Array.from(
    { length: columns },
    (_, column) => values[Math.floor((column * values.length) / columns)] ?? 0,
  );
  const most = Math.max(...shown);
  return shown.map((value) => SPARKS[Math.min(SPARKS.length - 1, Math.floor((value / most) * SPARKS.length))]).join('');
}

function total(figures: Figures): number {
  return Object.values(figures).reduce((sum, count) => sum + count, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
