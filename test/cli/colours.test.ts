import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makePaint, type Style } from '../../src/cli/terminal/terminal.ts';

/** WCAG 2 wants 3 for large text and 4.5 for small text; no colour has more than 4.6 to both black and white. */
const LEAST_CONTRAST = 3.8;
/** The first eight colours as xterm has them. */
const XTERM = ['000000', 'cd0000', '00cd00', 'cdcd00', '0000ee', 'cd00cd', '00cdcd', 'e5e5e5'];
const CUBE = [0, 95, 135, 175, 215, 255];
const STYLES: readonly Style[] = ['plain', 'good', 'notice', 'bad', 'faint', 'strong', 'chosen'];

for (const hasMany of [true, false]) {
  describe(`on a terminal with ${hasMany ? 256 : 16} colours`, () => {
    for (const style of STYLES) {
      test(`${style} is readable on white and on black`, () => {
        const [rgb] = findColours(makePaint(true, hasMany)(style, 'x'));
        if (rgb === undefined) return;
        const luminance = findLuminance(rgb);
        assert.ok(1.05 / (luminance + 0.05) >= LEAST_CONTRAST, `${rgb} on white`);
        assert.ok((luminance + 0.05) / 0.05 >= LEAST_CONTRAST - (hasMany ? 0 : 0.3), `${rgb} on black`);
      });
    }

    test('at least two styles have a colour', () => {
      assert.ok(STYLES.flatMap((style) => findColours(makePaint(true, hasMany)(style, 'x'))).length >= 2);
    });
  });
}

/** The colours that a text sets; fixed looks such as bold set none. */
function findColours(text: string): number[][] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ECMA-48.
  return [...text.matchAll(/\x1b\[(?:38;5;(\d+)|3([0-7]))m/g)].map(([, many, few]) =>
    many === undefined ? readHex(XTERM[Number(few)] ?? '') : findCubeColour(Number(many)),
  );
}

function readHex(hex: string): number[] {
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

/** Colours 16 to 231 of xterm. */
function findCubeColour(number: number): number[] {
  assert.ok(number >= 16 && number <= 231, `${number} is one that users choose themselves`);
  const index = number - 16;
  return [Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6].map((level) => CUBE[level] ?? 0);
}

/** WCAG 2. */
function findLuminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
