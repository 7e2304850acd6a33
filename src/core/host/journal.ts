import * as z from 'zod';
import { parseJsonOf } from '../values/json.ts';
import type { UnixSeconds } from '../values/time.ts';

/** A line that a part of wgkex wrote to its log. */
export interface JournalEntry {
  readonly time: UnixSeconds;
  readonly message: string;
}

const MICROSECONDS = 1_000_000;

/** Text that is not printable comes as a list of bytes (systemd.journal-fields(7), "Journal JSON Format"). */
const entrySchema = z.looseObject({
  __REALTIME_TIMESTAMP: z.string().regex(/^\d{1,18}$/),
  MESSAGE: z.union([z.string(), z.array(z.int().min(0).max(255))]).nullish(),
});

/**
 * Parses `journalctl --output=json`, one object per line. The messages are as they were written: not safe to print
 * without escaping.
 * @throws InputError for any other text.
 */
export function parseJournal(text: string): JournalEntry[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const { __REALTIME_TIMESTAMP: time, MESSAGE: message } = parseJsonOf(entrySchema, line, 'the journal');
    return { time: Number(time) / MICROSECONDS, message: decode(message ?? '') };
  });
}

function decode(message: string | readonly number[]): string {
  return typeof message === 'string' ? message : Buffer.from(message).toString('utf8');
}
