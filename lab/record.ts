import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PeerRecord, type Registration } from '../src/core/peers/record.ts';
import { readMoment } from '../src/system/domain/moment.ts';
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

/** The lines of the record about each key. */
export async function readRegistrations(gateway: Gateway): Promise<ReadonlyMap<string, Registration>> {
  return PeerRecord.parse(await readFile(gateway.recordFile(), 'utf8')).registrations;
}

/** Makes all keys as much older as if a test had waited. */
export async function ageRecord(gateway: Gateway, seconds: number): Promise<void> {
  const record = PeerRecord.parse(await readFile(gateway.recordFile(), 'utf8'));
  for (const [key, one] of record.registrations)
    record.set(key, {
      ...one,
      registeredAt: one.registeredAt - seconds,
      pendingSince: one.pendingSince - seconds,
    });
  await writeFile(gateway.recordFile(), record.format(readMoment()));
}

/** Leaves nothing that would bring back peers which a test removes with `wg`. */
export async function forgetAll(gateway: Gateway, ...domains: string[]): Promise<void> {
  const records = domains.map((name) => gateway.recordFile(name));
  for (const file of [gateway.claimsFile(), gateway.stateFile(), ...records]) await rm(file, { force: true });
}
