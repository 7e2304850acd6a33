/** Reads a symbol of ISO/IEC 18004 with correction level L that is whole, from what a terminal shows. */
type Modules = readonly (readonly boolean[])[];

/** Codewords for correction in each block, and blocks, of versions 1 to 40. */
const CORRECTION = [
  ...[7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28],
  ...[28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
];
const BLOCKS = [
  ...[1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8],
  ...[8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25],
];
const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];
const LEVEL_L = 1;
const FORMAT_MASK = 0x5412;
const BYTES = 4;
const BLACK_ON_WHITE = '\x1b[38;5;16;48;5;231m';
const END = '\x1b[0m';

/** The modules that lines in black on white show, each line two rows; `true` is dark. */
export function readLines(lines: readonly string[]): boolean[][] {
  return lines.flatMap((line) => {
    if (!line.startsWith(BLACK_ON_WHITE) || !line.endsWith(END)) throw new Error(`not black on white: ${line}`);
    const cells = line.slice(BLACK_ON_WHITE.length, -END.length);
    return ['█▀', '█▄'].map((dark) => [...cells].map((cell) => dark.includes(cell)));
  });
}

/** The text of a symbol that has a light margin of 4 modules on each side, or more. */
export function readSymbol(shown: Modules): string {
  const rows = shown.flatMap((row, index) => (row.includes(true) ? [index] : []));
  const first = rows[0] ?? 0;
  const size = (rows.at(-1) ?? 0) - first + 1;
  const left = Math.min(...shown.map((row) => (row.includes(true) ? row.indexOf(true) : row.length)));
  const width = shown[0]?.length ?? 0;
  if (Math.min(first, left, shown.length - first - size, width - left - size) < 4) throw new Error('no quiet zone');
  return readModules(shown.slice(first, first + size).map((row) => row.slice(left, left + size)));
}

function readModules(modules: Modules): string {
  const size = modules.length;
  const version = (size - 17) / 4;
  const at = (x: number, y: number) => modules[y]?.[x] ?? false;
  const mask = MASKS[readFormat(at)];
  if (!Number.isInteger(version) || mask === undefined) throw new Error(`no symbol: ${size}`);
  const codewords = pack(listDataPlaces(version).map(([x, y]) => at(x, y) !== mask(x, y)));
  return readText(joinBlocks(codewords, version), version);
}

function readFormat(at: (x: number, y: number) => boolean): number {
  const low = [0, 1, 2, 3, 4, 5].map((y) => [8, y] as const);
  const high = [5, 4, 3, 2, 1, 0].map((x) => [x, 8] as const);
  const places = [...low, [8, 7] as const, [8, 8] as const, [7, 8] as const, ...high];
  const bits = places.reduce((sum, [x, y], index) => sum + (at(x, y) ? 2 ** index : 0), 0) ^ FORMAT_MASK;
  if (bits >> 13 !== LEVEL_L) throw new Error(`not of level L: ${bits >> 13}`);
  return (bits >> 10) & 7;
}

/** In pairs of columns from the right, upwards and downwards in turn, without the places of patterns. */
function listDataPlaces(version: number): (readonly [x: number, y: number])[] {
  const size = version * 4 + 17;
  const steps = Array.from({ length: size }, (_, index) => index);
  // The column of the timing pattern is in no pair.
  const pairs = steps.filter((x) => (x > 6 ? x % 2 === 0 : x % 2 === 1)).reverse();
  const places = pairs.flatMap((right, index) =>
    steps.flatMap((step) => [right, right - 1].map((x) => [x, index % 2 === 0 ? size - 1 - step : step] as const)),
  );
  return places.filter(([x, y]) => !isPattern(x, y, version));
}

function isPattern(x: number, y: number, version: number): boolean {
  const size = version * 4 + 17;
  const isFinder = (x < 9 && y < 9) || (x < 9 && y >= size - 8) || (x >= size - 8 && y < 9);
  const isVersion = version >= 7 && ((x < 6 && y >= size - 11) || (y < 6 && x >= size - 11));
  return isFinder || isVersion || x === 6 || y === 6 || isAlignment(x, y, version);
}

function isAlignment(x: number, y: number, version: number): boolean {
  if (version === 1) return false;
  const count = Math.floor(version / 7) + 2;
  const step = Math.floor((version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2;
  const last = version * 4 + 10;
  const centres = [6, ...Array.from({ length: count - 1 }, (_, index) => last - index * step)];
  const corners = [`6 6`, `6 ${last}`, `${last} 6`];
  const isNear = (centre: number, place: number) => Math.abs(centre - place) <= 2;
  return centres.some((column) =>
    centres.some((row) => !corners.includes(`${column} ${row}`) && isNear(column, x) && isNear(row, y)),
  );
}

function pack(bits: readonly boolean[]): number[] {
  return Array.from({ length: Math.floor(bits.length / 8) }, (_, index) =>
    bits.slice(index * 8, index * 8 + 8).reduce((sum, bit) => sum * 2 + Number(bit), 0),
  );
}

/** The blocks take codewords in turn; the last ones may have one more. */
function joinBlocks(codewords: readonly number[], version: number): number[] {
  const [correction, count] = [CORRECTION[version - 1] ?? 0, BLOCKS[version - 1] ?? 0];
  const short = Math.floor(codewords.length / count) - correction;
  const long = codewords.length % count;
  const blocks = Array.from({ length: count }, (): number[] => []);
  let next = 0;
  for (let round = 0; round <= short; round++)
    for (const [index, block] of blocks.entries())
      if (round < short || index >= count - long) block.push(codewords[next++] ?? 0);
  return blocks.flat();
}

function readText(data: readonly number[], version: number): string {
  const bits = data.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const lengthBits = version < 10 ? 8 : 16;
  if (Number.parseInt(bits.slice(0, 4), 2) !== BYTES) throw new Error('not in bytes');
  const start = 4 + lengthBits;
  const length = Number.parseInt(bits.slice(4, start), 2);
  const bytes = Array.from({ length }, (_, index) =>
    Number.parseInt(bits.slice(start + index * 8, start + index * 8 + 8), 2),
  );
  return Buffer.from(bytes).toString('latin1');
}
