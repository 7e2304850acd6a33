import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

/** `journal`: a line for a person with the priority in front; `terminal`: the same in colour; otherwise `json`. */
export type LogFormat = 'journal' | 'terminal' | 'json';

const STDERR = 2;

/** systemd names the device and inode of the journal's stream, so a redirected service is not mistaken for one. */
export function detectFormat(): LogFormat {
  if (isatty(STDERR)) return 'terminal';
  const { dev, ino } = fstatSync(STDERR);
  return process.env['JOURNAL_STREAM'] === `${dev}:${ino}` ? 'journal' : 'json';
}
