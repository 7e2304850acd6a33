import { readFileSync } from 'node:fs';
import type { Moment, UnixSeconds } from '../../core/values/time.ts';

export function readMoment(): Moment {
  const milliseconds = process.hrtime.bigint() / 1_000_000n;
  return { unix: Date.now() / 1000, monotonic: Number(milliseconds) / 1000 };
}

/** A new one after each boot of the machine. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

export function readClock(): UnixSeconds {
  return Date.now() / 1000;
}
