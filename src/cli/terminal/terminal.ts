import pc from 'picocolors';

/** The meaning of a text, not its looks; `plain` has no style. */
export type Style = 'plain' | 'good' | 'notice' | 'bad' | 'faint' | 'strong';
type Paint = (style: Style, text: string) => string;

/** The destination of text. */
export interface Terminal {
  /** Characters in a line; infinite if the reader is a program such as grep(1). */
  readonly width: number;
  readonly paint: Paint;
}

const DEFAULT_COLUMNS = 80;
/** A narrower terminal still gets lines of this width. */
const LEAST_COLUMNS = 40;

/** Standard output in its current state: its width may change. */
export function findTerminal(): Terminal {
  const { stdout } = process;
  // Node handles NO_COLOR and TERM=dumb.
  return { width: findWidth(), paint: makePaint(stdout.isTTY === true && stdout.hasColors()) };
}

export function makePaint(hasColour: boolean): Paint {
  const { green, yellow, red, dim, bold } = pc.createColors(hasColour);
  const painters = { plain: String, good: green, notice: yellow, bad: red, faint: dim, strong: bold };
  return (style, text) => painters[style](text);
}

/** Output that is not a terminal may end up on one; the environment then has its width, as set by watch(1). */
function findWidth(): number {
  const { isTTY, columns } = process.stdout;
  const known = columns || Number(process.env['COLUMNS']);
  if (Number.isSafeInteger(known) && known > 0) return Math.max(LEAST_COLUMNS, known);
  return isTTY ? DEFAULT_COLUMNS : Number.POSITIVE_INFINITY;
}
