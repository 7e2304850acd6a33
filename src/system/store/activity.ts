import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import {
  type Activity,
  INTERVAL_SECONDS,
  MAX_INTERVALS,
  mergeActivity,
  NO_ACTIVITY,
} from '../../core/exchange/activity.ts';
import { parseJsonOf } from '../../core/values/json.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { replaceFile } from '../files/replace-file.ts';
import { makeTrustedDirectory } from '../files/trust.ts';

/** The file has no keys, and `wgkex status` shows it without root. */
const READABLE_BY_ALL = 0o644;
/** Some three times the size of a full day. */
const FILE_BYTES = 65_536;

const number = z.int().nonnegative();
const intervalSchema = z.strictObject({
  since: number.multipleOf(INTERVAL_SECONDS),
  joined: number,
  refused: number,
  failed: number,
});
const activitySchema = z.strictObject({
  version: z.literal(1),
  last_exchange: number.nullable(),
  intervals: z.array(intervalSchema).max(MAX_INTERVALS),
});

/** The recent activity of a domain. A file that is missing, or that the handler did not write, counts as none. */
export function readActivity(stateDirectory: string, domain: DomainName): Activity {
  const path = findPath(stateDirectory, domain);
  try {
    const { last_exchange, intervals } = parseJsonOf(activitySchema, readBounded(path), path);
    return {
      lastExchange: last_exchange ?? 'never',
      intervals: new Map(intervals.map(({ since, ...counts }) => [since, counts])),
    };
  } catch {
    return NO_ACTIVITY;
  }
}

/**
 * Adds new activity to the file. Only the handler does so, but for a moment there may be two of them.
 * @throws Error with one line that names the file, if it cannot be written.
 */
export function addActivity(stateDirectory: string, domain: DomainName, news: Activity, now: UnixSeconds): void {
  const path = findPath(stateDirectory, domain);
  const { lastExchange, intervals } = mergeActivity(readActivity(stateDirectory, domain), news, now);
  const document = {
    version: 1,
    last_exchange: lastExchange === 'never' ? null : lastExchange,
    intervals: [...intervals].map(([since, counts]) => ({ since, ...counts })),
  };
  makeTrustedDirectory(dirname(path));
  // A power cut may cost a chart a minute; an exchange does not wait for a disk.
  replaceFile(path, `${JSON.stringify(document)}\n`, { isSynced: false, mode: READABLE_BY_ALL });
}

function findPath(stateDirectory: string, domain: DomainName): string {
  return join(stateDirectory, `${domain}.activity.json`);
}

function readBounded(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > FILE_BYTES) throw new Error(`Cannot read ${path}: more than ${FILE_BYTES} bytes`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
