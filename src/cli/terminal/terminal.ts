/** The meaning of a text, not its looks; `plain` has no style. */
export type Style = 'plain' | 'good' | 'notice' | 'bad' | 'faint' | 'strong' | 'chosen';
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

type Painter = (text: string) => string;
/** Looks that suit any background. SGR codes of ECMA-48. */
const LOOKS = { plain: String, faint: mark(2, 22), strong: mark(1, 22), chosen: mark(7, 27) };
/** Of the 256 colours of xterm, those that are readable on white and on black: their contrast is at least 4 to both. */
const MANY_COLOURS = { ...LOOKS, good: mark('38;5;28', 39), notice: mark('38;5;130', 39), bad: mark('38;5;196', 39) };
/** Magenta and red are readable on both, too; green, yellow and cyan vanish on white, and blue on black. */
const FEW_COLOURS = { ...LOOKS, good: String, notice: mark(35, 39), bad: mark(31, 39) };
const MANY_COLOURS_BITS = 8;

/** Standard output in its current state: its width may change. */
export function findTerminal(): Terminal {
  const { stdout } = process;
  // Node handles NO_COLOR and TERM=dumb.
  const bits = stdout.isTTY === true ? stdout.getColorDepth() : 1;
  return { width: findWidth(), paint: makePaint(bits > 1, bits >= MANY_COLOURS_BITS) };
}

export function makePaint(hasColour: boolean, hasMany = true): Paint {
  const painters: Record<Style, Painter> = hasMany ? MANY_COLOURS : FEW_COLOURS;
  return (style, text) => (hasColour ? painters[style](text) : text);
}

function mark(begin: number | string, end: number): Painter {
  return (text) => `\x1b[${begin}m${text}\x1b[${end}m`;
}

/** Output that is not a terminal may end up on one; the environment then has its width, as set by watch(1). */
function findWidth(): number {
  const { isTTY, columns } = process.stdout;
  const known = columns || Number(process.env['COLUMNS']);
  if (Number.isSafeInteger(known) && known > 0) return Math.max(LEAST_COLUMNS, known);
  return isTTY ? DEFAULT_COLUMNS : Number.POSITIVE_INFINITY;
}
