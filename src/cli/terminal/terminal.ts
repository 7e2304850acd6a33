import pc from 'picocolors';

/** What a text is, not how it looks; `plain` looks like nothing. */
export type Style = 'plain' | 'good' | 'notice' | 'bad' | 'faint' | 'strong';
type Paint = (style: Style, text: string) => string;

/** Where text goes. */
export interface Terminal {
  /** Characters in a line; infinite where a program reads it, such as grep(1). */
  readonly width: number;
  readonly paint: Paint;
}

const DEFAULT_COLUMNS = 80;
/** What is narrower than that gets longer lines. */
const LEAST_COLUMNS = 40;

/** Standard output as it is now: its width may change. */
export function findTerminal(): Terminal {
  const { stdout } = process;
  // Node knows NO_COLOR and TERM=dumb.
  return { width: findWidth(), paint: makePaint(stdout.isTTY === true && stdout.hasColors()) };
}

export function makePaint(hasColour: boolean): Paint {
  const { green, yellow, red, dim, bold } = pc.createColors(hasColour);
  const painters = { plain: String, good: green, notice: yellow, bad: red, faint: dim, strong: bold };
  return (style, text) => painters[style](text);
}

/** What is not a terminal may have one behind it, whose width the environment tells: watch(1) sets it. */
function findWidth(): number {
  const { isTTY, columns } = process.stdout;
  const known = columns || Number(process.env['COLUMNS']);
  if (Number.isSafeInteger(known) && known > 0) return Math.max(LEAST_COLUMNS, known);
  return isTTY ? DEFAULT_COLUMNS : Number.POSITIVE_INFINITY;
}
