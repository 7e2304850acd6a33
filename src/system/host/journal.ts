import { existsSync } from 'node:fs';
import { type JournalEntry, parseJournal } from '../../core/host/journal.ts';
import { ProgramError } from '../run/program-error.ts';
import { run } from '../run/run.ts';

/** How far back the journal is searched, and how many lines are enough. */
export const JOURNAL_DAYS = 7;
const JOURNAL_LINES = 20;

/** The socket on which systemd-journald(8) takes lines from systemd-cat(1). */
const JOURNAL_SOCKET = '/run/systemd/journal/stdout';

/** journalctl(1): also the status if nothing was found. */
const NOTHING_FOUND = 1;

/**
 * The latest lines of the service and of the cleanup that contain this text, newest first.
 * @throws ProgramError if there is no journal, or the search takes too long.
 */
export async function searchJournal(text: string): Promise<JournalEntry[]> {
  const pattern = text.replace(/[^A-Za-z0-9:]/g, '\\$&');
  const what = ['--identifier=wgkex', '--identifier=wgkex-cleanup', `--since=-${JOURNAL_DAYS}d`];
  const which = ['--reverse', `--lines=${JOURNAL_LINES}`, '--case-sensitive=true', `--grep=${pattern}`];
  try {
    const how = ['--quiet', '--no-pager', '--output=json', '--output-fields=MESSAGE'];
    return parseJournal(await run('journalctl', [...what, ...which, ...how]));
  } catch (error) {
    if (error instanceof ProgramError && error.exitCode === NOTHING_FOUND) return [];
    throw error;
  }
}

/**
 * Writes lines to the journal alongside those of the service, each with its priority in front (sd-daemon(3)). Does
 * nothing if there is no journal.
 * @throws ProgramError
 */
export async function writeJournal(lines: readonly string[]): Promise<void> {
  if (lines.length > 0 && existsSync(JOURNAL_SOCKET)) await run('systemd-cat', ['--identifier=wgkex'], lines.join(''));
}
