import { readFile, writeFile } from 'node:fs/promises';
import type { Gateway } from './gateway.ts';

/** The lines of the record about a key, the last of which counts. */
export async function findRecorded(gateway: Gateway, key: string): Promise<string | undefined> {
  const lines = (await readFile(gateway.recordFile(), 'utf8')).split('\n');
  const line = lines.findLast((one) => one.split(' ')[1] === key);
  return line?.startsWith('key ') ? line : undefined;
}

/** As if time had passed since everything that the record knows by the clock that does not jump. */
export async function ageRecord(gateway: Gateway, seconds: number): Promise<void> {
  const age = (time: string) => (time === '-' || Number(time) < seconds ? '-' : (Number(time) - seconds).toFixed(3));
  await editRecord(gateway, ([verb, ...words]) => {
    const times = verb === 'key' ? [1, 2] : verb === 'hold' ? [2] : [];
    return [verb, ...words.map((word, index) => (times.includes(index) ? age(word) : word))];
  });
}

/** As if the handshakes that the record remembers had been earlier by this time. */
export async function ageRemembered(gateway: Gateway, seconds: number): Promise<void> {
  await editRecord(gateway, (words) =>
    words.map((word, index) => (words[0] === 'key' && index === 7 ? String(Number(word) - seconds) : word)),
  );
}

/** Every reader has to read it again, under its lock. */
async function editRecord(gateway: Gateway, edit: (words: [string, ...string[]]) => string[]): Promise<void> {
  await gateway.unlocked();
  const lines = (await readFile(gateway.recordFile(), 'utf8')).split('\n');
  const edited = lines.map((line) => edit(line.split(' ') as [string, ...string[]]).join(' '));
  await writeFile(gateway.recordFile(), edited.join('\n'));
}
