import type { Style, Terminal } from './terminal.ts';

/** A way to show a column: what stands above it, and what it says of a row. */
interface Form<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
}

/** A column and the forms that it can have, the one that says most first; `null` is none at all. */
export interface Column<Row> {
  readonly forms: readonly (Form<Row> | null)[];
  readonly align?: 'left' | 'right';
  readonly style?: (row: Row) => Style;
  /** Its cells may be cut to so many characters. */
  readonly atLeast?: number;
  /** Who gets room first: the smaller number. */
  readonly rank?: number;
}

/** A form as it will be printed; `width` is in characters, each of which takes one place. */
interface Chosen<Row> {
  readonly column: Column<Row>;
  readonly title: string;
  readonly cells: readonly string[];
  readonly width: number;
}

const GAP = '  ';
const LAST_RANK = 99;

/** Lines without their ends. Each column has the fullest form for which there is room; then some are cut. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paint }: Terminal,
): string[] {
  const chosen = cut(chooseForms(rows, columns, width), width);
  const head = chosen.map((one) => paint('faint', fit(one.title, one)));
  const body = rows.map((row, index) =>
    chosen.map((one) => paint(one.column.style?.(row) ?? 'plain', fit(one.cells[index] ?? '', one))),
  );
  return [head, ...body].map((cells) => cells.join(GAP).trimEnd());
}

/** All begin with the form that takes least; then, by rank, each gets the fullest one that fits. */
function chooseForms<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): Chosen<Row>[] {
  const options = columns.map((column) => column.forms.map((form) => measure(column, form, rows)));
  const ranks = columns.map(({ rank }) => rank ?? LAST_RANK);
  const order = [...columns.keys()].sort((one, other) => (ranks[one] ?? 0) - (ranks[other] ?? 0));
  let chosen = options.map((forms) => forms.at(-1) ?? null);
  for (const index of order) {
    const tries = (options[index] ?? []).map((form) => chosen.map((other, at) => (at === index ? form : other)));
    chosen = tries.find((some) => totalWidth(some) <= width) ?? chosen;
  }
  return chosen.filter((one) => one !== null);
}

function measure<Row>(column: Column<Row>, form: Form<Row> | null, rows: readonly Row[]): Chosen<Row> | null {
  if (form === null) return null;
  const cells = rows.map(form.cell);
  const width = cells.reduce((widest, cell) => Math.max(widest, cell.length), form.title.length);
  return { column, title: form.title, cells, width };
}

/** Takes what is too much from those columns that allow it, from left to right. */
function cut<Row>(chosen: readonly Chosen<Row>[], width: number): Chosen<Row>[] {
  let excess = Math.max(0, totalWidth(chosen) - width);
  return chosen.map((one) => {
    const least = Math.max(one.column.atLeast ?? one.width, one.title.length);
    const taken = Math.min(excess, Math.max(0, one.width - least));
    excess -= taken;
    return { ...one, width: one.width - taken };
  });
}

function totalWidth(chosen: readonly (Chosen<never> | null)[]): number {
  const widths = chosen.flatMap((one) => (one === null ? [] : [one.width]));
  return widths.reduce((sum, width) => sum + width, GAP.length * Math.max(0, widths.length - 1));
}

function fit<Row>(text: string, { column, width }: Chosen<Row>): string {
  const short = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return column.align === 'right' ? short.padStart(width) : short.padEnd(width);
}
