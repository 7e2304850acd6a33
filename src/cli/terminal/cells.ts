/** Most texts, quickly: each character, Latin or not a letter, has one cell. */
const PLAIN = /^[ -~¡-¬®-ɏ…]*$/;
const MARK = /^[\p{Mn}\p{Me}]$/u;
/**
 * Unicode Standard Annex 11: the blocks of wide and fullwidth characters, with their unassigned ones. Two regional
 * indicators are one flag.
 */
const WIDE =
  /^(?:[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe1f\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation})$/u;

/** The cells of a terminal that a text takes, at most: terminals agree on letters, not on every emoji. */
export function measureCells(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return [...text].reduce((sum, character) => sum + widthOf(character), 0);
}

/** As much of the beginning of a text as fits; no letter loses its marks. */
export function takeCells(text: string, cells: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, cells));
  let left = cells;
  let taken = '';
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    taken += character;
  }
  return taken;
}

/** A text that fits, marked if it was cut. */
export function cutToCells(text: string, cells: number): string {
  return measureCells(text) <= cells ? text : `${takeCells(text, cells - 1)}…`;
}

function widthOf(character: string): number {
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
