type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** How different eyes see linear RGB (Machado, Oliveira and Fernandes 2009, severity 1.0). */
export const EYES = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deuteranopic: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanopic: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  tritanopic: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
} as const satisfies Record<string, Matrix>;

/** Ottosson 2020: https://bottosson.github.io/posts/oklab/ */
const TO_CONES: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const TO_OKLAB: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

/** A colour such as `#1a2027` in linear RGB, as these eyes see it. */
export function look(color: string, eyes: Matrix = EYES.usual): Triple {
  const digits = color.length === 4 ? color.replace(/[0-9a-f]/g, '$&$&') : color;
  if (!/^#[0-9a-f]{6}$/.test(digits)) throw new Error(`Cannot look at "${color}": not a colour`);
  const [red, green, blue] = [1, 3, 5].map((at) => linearize(Number.parseInt(digits.slice(at, at + 2), 16) / 255));
  return multiply(eyes, [red ?? 0, green ?? 0, blue ?? 0]);
}

/** How different two colours are, in Oklab: black and white are 1 apart. */
export function findDistance(one: Triple, other: Triple): number {
  const [first, second] = [one, other].map((seen) => {
    const [long, middle, short] = multiply(TO_CONES, seen);
    return multiply(TO_OKLAB, [Math.cbrt(long), Math.cbrt(middle), Math.cbrt(short)]);
  });
  return Math.hypot(...[0, 1, 2].map((index) => (first?.[index] ?? 0) - (second?.[index] ?? 0)));
}

/** WCAG 2.2, contrast ratio: 1 to 21. */
export function findContrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [one, other].map(findLuminance).sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function findLuminance(color: string): number {
  const [red, green, blue] = look(color);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linearize(part: number): number {
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function multiply([first, second, third]: Matrix, vector: Triple): Triple {
  const times = (row: Triple) => row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2];
  return [times(first), times(second), times(third)];
}
