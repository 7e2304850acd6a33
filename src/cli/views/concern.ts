import type { Concern } from '../gateway/concern.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { fold } from '../terminal/words.ts';

const MARGIN = '  ';

/** Never breaks a command line, so that it can be copied. */
export function renderConcern({ domain, problem, remedy }: Concern, { width }: Terminal): string[] {
  const what = `${MARGIN}${domain === undefined ? '' : `${domain}: `}${problem}`;
  const whole = remedy === undefined ? what : `${what}: ${remedy}`;
  if (remedy === undefined || whole.length <= width) return fold(whole, width, MARGIN.repeat(2));
  return [...fold(`${what}:`, width, MARGIN.repeat(2)), `${MARGIN.repeat(2)}${remedy}`];
}
