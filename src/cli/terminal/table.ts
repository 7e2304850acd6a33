import { cutToCells, measureCells } from './cells.ts';
import type { Style, Terminal } from './terminal.ts';

export interface Column<Row> {
  /** The heading, whatever the rows and the width are. */
  readonly title: string;
  /** The forms of its text for a row, the most detailed first. */
  readonly forms: readonly ((row: Row) => string)[];
  /** Narrower tables leave the column out. So only the terminal decides which columns there are, never the rows. */
  readonly since?: number;
  /** The same for tables of this width or more. */
  readonly until?: number;
  readonly align?: 'left' | 'right';
  /** The style of its title. */
  readonly heading?: Style;
  readonly style?: (row: Row) => Style;
  /** Its cells may be cut to this width. */
  readonly atLeast?: number;
  /** The column with the smaller number gets space first. */
  readonly rank?: number;
}

/** A form as it will be printed; `width` is in cells of a terminal. */
interface Chosen<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

const GAP = '  ';
const LAST_RANK = 99;

/**
 * Returns lines without line ends, as wide as needed if `width` is infinite. Each column gets the most detailed form
 * that fits; then some columns are cut.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paint }: Terminal,
): string[] {
  const shown = columns.filter(({ since = 0, until }) => since <= width && (until === undefined || width < until));
  const chosen = cut(chooseForms(rows, shown, width), width);
  const head = chosen.map((one) => paint(one.column.heading ?? 'faint', fit(one.column.title, one)));
  const body = rows.map((row, index) =>
    chosen.map((one) => paint(one.column.style?.(row) ?? 'plain', fit(one.cells[index] ?? '', one))),
  );
  return [head, ...body].map((cells) => cells.join(GAP).trimEnd());
}

/** All columns start with their narrowest form; then, by rank, each gets the most detailed form that fits. */
function chooseForms<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): Chosen<Row>[] {
  const options = columns.map((column) => column.forms.map((form) => measure(column, form, rows)));
  const ranks = columns.map(({ rank }) => rank ?? LAST_RANK);
  const order = [...columns.keys()].sort((one, other) => (ranks[one] ?? 0) - (ranks[other] ?? 0));
  let chosen = options.flatMap((forms) => forms.slice(-1));
  for (const index of order) {
    const tries = (options[index] ?? []).map((form) => chosen.map((other, at) => (at === index ? form : other)));
    chosen = tries.find((some) => totalWidth(some) <= width) ?? chosen;
  }
  return chosen;
}

function measure<Row>(column: Column<Row>, form: (row: Row) => string, rows: readonly Row[]): Chosen<Row> {
  const cells = rows.map(form);
  const width = cells.reduce((widest, cell) => Math.max(widest, measureCells(cell)), column.title.length);
  return { column, cells, width };
}

/** Takes the excess width from the columns that allow it, from left to right. */
function cut<Row>(chosen: readonly Chosen<Row>[], width: number): Chosen<Row>[] {
  let excess = Math.max(0, totalWidth(chosen) - width);
  return chosen.map((one) => {
    const least = Math.max(one.column.atLeast ?? one.width, one.column.title.length);
    const taken = Math.min(excess, Math.max(0, one.width - least));
    excess -= taken;
    return { ...one, width: one.width - taken };
  });
}

function totalWidth(chosen: readonly Chosen<never>[]): number {
  return chosen.reduce((sum, { width }) => sum + width, GAP.length * Math.max(0, chosen.length - 1));
}

function fit<Row>(text: string, { column, width }: Chosen<Row>): string {
  const short = cutToCells(text, width);
  const padding = ' '.repeat(width - measureCells(short));
  return column.align === 'right' ? padding + short : short + padding;
}
