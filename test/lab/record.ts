import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PeerRecord } from '../../src/core/record.ts';
import type { Gateway } from './gateway.ts';

/** A line of the record for a key that wgkex registered long ago; of two lines the later one counts. */
function describeOld(key: string): string {
  return `key ${key} - - - - 0\n`;
}

/** Puts keys into the record of a gateway, as if wgkex had registered them long ago: none is kept for being new. */
export async function recordKeys(gateway: Gateway, keys: readonly string[]): Promise<void> {
  await mkdir(dirname(gateway.recordFile()), { recursive: true });
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  await writeFile(gateway.recordFile(), `wgkex-record 1 ${boot}\non \n`, { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await appendFile(gateway.recordFile(), keys.map(describeOld).join(''));
}

/** The keys that are in the record of a gateway. */
export async function readRecordedKeys(gateway: Gateway): Promise<string[]> {
  return [...PeerRecord.parse(await readFile(gateway.recordFile(), 'utf8')).registrations.keys()].sort();
}
