import { pause } from '../lab/commands.ts';

const COLUMNS = 80;
/** So that a person can read along; output to a pipe does not wait. */
const READING_MILLISECONDS = 400;

/** ECMA-48. */
const STYLES = {
  plain: '',
  heading: '\x1b[1;34m',
  command: '\x1b[1m',
  log: '\x1b[36m',
  warning: '\x1b[33m',
  error: '\x1b[31m',
  seen: '\x1b[32m',
} as const;
export type Style = keyof typeof STYLES;
const RESET = '\x1b[0m';

const isTerminal = process.stdout.isTTY === true;
/** Node knows NO_COLOR and TERM=dumb. */
const hasColour = isTerminal && process.stdout.hasColors();

/** Raised if something that the demo shows did not happen; its message is one line. */
export class NotSeenError extends Error {
  override name = 'NotSeenError';
}

export async function showHeading(text: string): Promise<void> {
  await letRead();
  print(`\n${text}\n${'='.repeat(text.length)}`, 'heading');
}

/** Says what comes next. Every argument is a paragraph. */
export function say(...paragraphs: string[]): void {
  for (const paragraph of paragraphs) print(`\n${fold(paragraph, '', '').join('\n')}`);
  print('');
}

/** A command line as it is about to be run on `host`. */
export async function showCommand(host: string, line: string): Promise<void> {
  await letRead();
  print(fold(`${host}# ${line}`, '    ', ' \\').join('\n'), 'command');
}

export function showOutput(text: string): void {
  if (text !== '') print(indent(text.replaceAll('\t', '  '), '  '));
}

/** A line that the service wrote to its log. */
export function showLog(line: string, style: Style): void {
  print(indent(line, '| '), style);
}

/** Confirms an observation. @throws NotSeenError if it is false. */
export function confirm(what: string, isSo: boolean): void {
  if (!isSo) throw new NotSeenError(`expected, but not seen: ${what}`);
  print(fold(`✓ ${what}`, '  ', '').join('\n'), 'seen');
}

/** A command line for the person who reads along. */
export function showHint(line: string): void {
  print(fold(`  ${line}`, '      ', ' \\').join('\n'), 'command');
}

export function showEnd(text: string): void {
  print(`\n${text}`, 'seen');
}

function indent(text: string, margin: string): string {
  const lines = text.split('\n').flatMap((line) => fold(margin + line, `${margin}    `, ''));
  return lines.join('\n');
}

/** Breaks a line at blanks; the further lines begin with `margin`, those that go on end with `mark`. */
function fold(line: string, margin: string, mark: string): string[] {
  if (line.length <= COLUMNS) return [line];
  const end = line.lastIndexOf(' ', COLUMNS - mark.length);
  if (end <= margin.length) return [line];
  return [line.slice(0, end) + mark, ...fold(margin + line.slice(end + 1), margin, mark)];
}

function print(text: string, style: Style = 'plain'): void {
  const isStyled = hasColour && style !== 'plain';
  console.log(isStyled ? `${STYLES[style]}${text}${RESET}` : text);
}

async function letRead(): Promise<void> {
  if (isTerminal) await pause(READING_MILLISECONDS);
}
