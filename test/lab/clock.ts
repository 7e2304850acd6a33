import { rm, writeFile } from 'node:fs/promises';
import type { Gateway } from './gateway.ts';

/** `ip netns exec` lays a gateway's own files over these, which have to be there for that. */
const [PRELOAD, OFFSET] = ['ld.so.preload', 'faketimerc'];

/**
 * Lets all that is started in a gateway's namespace from now on see another time of day: what runs as root there, that is, as
 * libfaketime serves no two users at once. The interfaces know the right time.
 */
export async function shiftClock(gateway: Gateway, offset: '+1h' | '-1h'): Promise<void> {
  // Of the clock that never jumps, too, there is only one in a machine.
  process.env.FAKETIME_DONT_FAKE_MONOTONIC = '1';
  for (const file of [PRELOAD, OFFSET]) await writeFile(`/etc/${file}`, '', { flag: 'a' });
  await writeFile(`/etc/netns/${gateway.namespace}/${OFFSET}`, `${offset}\n`);
  await writeFile(`/etc/netns/${gateway.namespace}/${PRELOAD}`, '/usr/$LIB/faketime/libfaketime.so.1\n');
}

/** The right time again. */
export async function setClockRight(gateway: Gateway): Promise<void> {
  for (const file of [PRELOAD, OFFSET]) await rm(`/etc/netns/${gateway.namespace}/${file}`);
}

/** An option for Node: what the program believes to be the time. The clock that never jumps is the machine's. */
export function pretendTime(unixSeconds: number): string {
  return `--import=data:text/javascript,Date.now=()=>${unixSeconds}e3`;
}
