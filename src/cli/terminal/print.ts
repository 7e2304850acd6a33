import { PROGRAM } from './call.ts';

/** Prints lines for a person. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Prints a document for a program, on a line of its own. */
export function printJson(document: object): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

/** Prints one line about a problem. */
export function complain(reason: string): void {
  process.stderr.write(`${PROGRAM}: ${reason}\n`);
}
