import { isKey } from './key.ts';

/** The actions of a client on one connection. A character of `send` is a byte. */
export interface Visit {
  /** Bytes in order; a number is a pause, as a share of the time that a line may take. */
  readonly send: readonly (string | number)[];
  /**
   * `stay` waits for the gateway to close, `half-close` ends its stream and waits, `linger` waits and never
   * closes by itself; `close` and `reset` leave at once.
   */
  readonly end: 'stay' | 'half-close' | 'linger' | 'close' | 'reset';
}

/** The outcome of a visit by its two lines alone. */
export type Outcome = { readonly refused: string } | { readonly domain: string; readonly key: string };

type Reading = readonly string[] | 'too long';

const LINE_BYTES = 64;
const KEY_CHARACTERS = 44;

/**
 * A second version of the contract's "Wire protocol", as simple as possible: it reads all the text so far, cuts it at
 * its newlines, and takes the sum of the pauses as time.
 */
export function expectOutcome({ send, end }: Visit, domains: readonly string[]): Outcome {
  let text = '';
  let linesRead = 0;
  let timeLeft = 1;
  for (const step of send) {
    if (typeof step === 'number') timeLeft -= step;
    else text += step;
    const reading = readLines(text, false);
    if (timeLeft < 0 || isSettled(reading)) return judge(reading, domains);
    if (reading.length > linesRead) timeLeft = 1;
    linesRead = reading.length;
  }
  return judge(readLines(text, endsStream(end)), domains);
}

/**
 * The other outcomes of a visit if the machine is so slow that lines are late or early: everything they can mean when
 * the time is up before the first of them, after it, or never.
 */
export function expectOutcomesAtAnyPace({ send, end }: Visit, domains: readonly string[]): Outcome[] {
  const text = send.filter((step) => typeof step === 'string').join('');
  const first = readLines(text.slice(0, text.indexOf('\n') + 1), false);
  return [[], first, readLines(text, endsStream(end))].map((reading) => judge(reading, domains));
}

/** Whether the gateway answers these bytes without waiting for more. */
export function isAnsweredAtOnce(text: string): boolean {
  return isSettled(readLines(text, false));
}

/**
 * To the contract a reset is not an end of stream, but to libuv it can be: if it finds both the last bytes and the
 * reset, it reads the bytes and then reports an end. The request of such a client may or may not be served.
 */
export function endsStream(end: Visit['end']): boolean {
  return end !== 'stay' && end !== 'linger';
}

function isSettled(reading: Reading): boolean {
  return reading === 'too long' || reading.length === 2;
}

/** The one or two lines that are complete, without blanks around them. */
function readLines(text: string, hasEnded: boolean): Reading {
  const [first = '', second = ''] = text.split('\n', 2);
  const newlines = text.split('\n', 3).length - 1;
  if (isTooLong(first, newlines > 0, false)) return 'too long';
  if (newlines === 0) return [];
  if (isTooLong(second, newlines > 1, hasEnded)) return 'too long';
  if (newlines > 1) return [first, second].map((line) => trimBlanks(line.replace(/\r$/, '')));
  const lines = [trimBlanks(first.replace(/\r$/, ''))];
  return hasEnded && second !== '' ? [...lines, trimBlanks(second)] : lines;
}

/** A CR at the end does not count where an LF follows, or still may. */
function isTooLong(line: string, isComplete: boolean, hasEnded: boolean): boolean {
  const counted = isComplete || !hasEnded ? line.replace(/\r$/, '') : line;
  return counted.length > LINE_BYTES;
}

function trimBlanks(line: string): string {
  return line.replace(/^[\t ]*/, '').replace(/[\t ]*$/, '');
}

function judge(reading: Reading, domains: readonly string[]): Outcome {
  if (reading === 'too long') return { refused: 'LINE_TOO_LONG' };
  const [first = '', second = ''] = reading;
  const isKeyFirst =
    !domains.includes(first) && ((first.length === KEY_CHARACTERS && first.at(-1) === '=') || domains.includes(second));
  const [domain, key] = isKeyFirst ? [second, first] : [first, second];
  if (domain === '') return { refused: 'NO_DOMAIN' };
  if (key === '') return { refused: 'NO_WGKEY' };
  if (!domains.includes(domain)) return { refused: 'INVALID_DOMAIN' };
  return isKey(key) ? { domain, key } : { refused: 'INVALID_WGKEY' };
}
