import { countEach } from '../../lab/crowd.ts';
import type { Machine } from '../results.ts';
import type { Arrival } from './far-router.ts';
import type { Figures } from './figures.ts';
import type { MemorySample } from './memory.ts';
import type { Witness } from './scene.ts';

/** The kept results of a case. */
export interface CaseReport {
  readonly name: string;
  readonly what: string;
  /** Seconds on the memory curve. */
  readonly begin: number;
  readonly end: number;
  /** What the abuser got. */
  readonly abuser: Figures;
  /** Exchanges of a router meanwhile. */
  readonly router: {
    readonly replies: Figures;
    readonly medianMilliseconds: number;
    readonly longestMilliseconds: number;
  };
  readonly pings: Witness['pings'];
  /** The times of routers that came meanwhile; without `seconds` if one had no handshake. */
  readonly arrivals: readonly Arrival[];
  /** What was written meanwhile. */
  readonly log: { readonly lines: number; readonly bytes: number; readonly unprintableBytes: number };
}

export interface AbuseReport {
  readonly machine: Machine;
  readonly cases: readonly CaseReport[];
  readonly memory: readonly MemorySample[];
}

const MEGABYTE = 1_000_000;
const SPARKS = '▁▂▃▄▅▆▇█';
const SPARK_COLUMNS = 100;

export function summarise(name: string, what: string, abuser: Figures, witness: Witness): CaseReport {
  const { begin, end, probes, pings, arrivals, log } = witness;
  const { milliseconds, replies } = probes;
  const router = {
    replies,
    medianMilliseconds: round(milliseconds[Math.floor(milliseconds.length / 2)] ?? 0),
    longestMilliseconds: round(milliseconds.at(-1) ?? 0),
  };
  const written = {
    lines: log.split('\n').length - 1,
    bytes: Buffer.byteLength(log),
    unprintableBytes: log.replace(/[ -~…\n]/g, '').length,
  };
  return { name, what, begin, end, abuser, router, pings, arrivals, log: written };
}

/** A table of all cases, what each abuser got, and the curve of both parts' memory. */
export function print({ machine, cases, memory }: AbuseReport): void {
  console.log(`Load average before the first case: ${machine.loadBefore.toFixed(2)}\n`);
  const header = ['', 'seconds', 'router: OK', 'median', 'longest', 'pings', 'lost', 'log: lines', 'unprintable'];
  const memoryHeader = ['listener: first', 'most', 'last MB', 'handler: first', 'most', 'last MB'];
  const rows = cases.map((report) => [
    report.name,
    String(round(report.end - report.begin)),
    `${report.router.replies['OK'] ?? 0} of ${total(report.router.replies)}`,
    `${report.router.medianMilliseconds} ms`,
    `${report.router.longestMilliseconds} ms`,
    String(report.pings.sent),
    String(report.pings.lost),
    String(report.log.lines),
    String(report.log.unprintableBytes),
    ...describeMemory(cut(memory, report)),
  ]);
  printTable([[...header, ...memoryHeader], ...rows]);
  for (const { name, what, abuser, arrivals } of cases)
    console.log([`\n${name}: ${what}`, describeFigures(abuser), ...arrivals.map(describeArrival)].join('\n  '));
  console.log(`\nResident memory over ${memory.at(-1)?.seconds} s:`);
  for (const part of ['listener', 'handler'] as const) console.log(`  ${part} ${drawCurve(memory, part)}`);
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) console.log(row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '));
}

function describeArrival({ roundTripMilliseconds, seconds, replies }: Arrival): string {
  const connected = seconds === undefined ? 'does not connect' : `connects after ${round(seconds)} s`;
  return `a new router ${roundTripMilliseconds} ms away ${connected}; it got ${describeFigures(countEach(replies))}`;
}

function describeFigures(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ');
}

function cut(memory: readonly MemorySample[], { begin, end }: CaseReport): readonly MemorySample[] {
  return memory.filter(({ seconds }) => seconds >= begin && seconds <= end);
}

function describeMemory(memory: readonly MemorySample[]): string[] {
  const parts = [memory.map(({ listener }) => listener), memory.map(({ handler }) => handler)];
  return parts
    .flatMap((bytes) => [bytes[0] ?? 0, Math.max(...bytes), bytes.at(-1) ?? 0])
    .map((bytes) => String(Math.round(bytes / MEGABYTE)));
}

/** From nothing to the highest value. */
function drawCurve(memory: readonly MemorySample[], part: 'listener' | 'handler'): string {
  const values = memory.map((sample) => sample[part]);
  const columns = Math.min(values.length, SPARK_COLUMNS);
  const shown = Array.from({ length: columns }, (_, at) => values[Math.floor((at * values.length) / columns)] ?? 0);
  const most = Math.max(...shown);
  return shown.map((value) => SPARKS[Math.min(SPARKS.length - 1, Math.floor((value / most) * SPARKS.length))]).join('');
}

function total(figures: Figures): number {
  return Object.values(figures).reduce((sum, count) => sum + count, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
