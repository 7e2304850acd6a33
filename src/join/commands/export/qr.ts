import qrcode from 'qrcode-generator';

/** As few modules as possible: a screen is clean, so the lowest level of correction is enough. */
const CORRECTION = 'L';
/** The smallest version that holds the text. */
const FITTING = 0;
/** ISO/IEC 18004: light modules around the symbol. */
const QUIET = 4;
/** Black and white of xterm's 256 colours, which no theme changes: an inverted symbol is none to many phones. */
const COLOURS = '\x1b[38;5;16;48;5;231m';
const NO_COLOURS = '\x1b[0m';

/** A symbol with its quiet zone; `true` is dark. */
export type Modules = readonly (readonly boolean[])[];

/** The QR code of a text in ASCII. */
export function buildModules(text: string): Modules {
  const symbol = qrcode(FITTING, CORRECTION);
  symbol.addData(text, 'Byte');
  symbol.make();
  const count = symbol.getModuleCount();
  const numbers = Array.from({ length: count + 2 * QUIET }, (_, index) => index - QUIET);
  const isInside = (number: number) => number >= 0 && number < count;
  return numbers.map((row) => numbers.map((column) => isInside(row) && isInside(column) && symbol.isDark(row, column)));
}

/** Lines for a terminal, each of two rows of modules. */
export function renderModules(modules: Modules): string[] {
  const pairs = modules.flatMap((row, index) => (index % 2 === 0 ? [[row, modules[index + 1] ?? []] as const] : []));
  return pairs.map(([upper, lower]) => {
    const cells = upper.map((isDark, column) => chooseBlock(isDark, lower[column] ?? false));
    return `${COLOURS}${cells.join('')}${NO_COLOURS}`;
  });
}

/** A character is about twice as high as wide. */
function chooseBlock(isUpperDark: boolean, isLowerDark: boolean): string {
  if (isUpperDark) return isLowerDark ? '█' : '▀';
  return isLowerDark ? '▄' : ' ';
}
