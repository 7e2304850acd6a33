import type { ClockState } from '../../../core/host/clock.ts';
import { readClockState } from '../../../system/host/clock.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import type { Concern } from '../../gateway/concern.ts';
import { type Check, concern, NEEDS_SYSTEMD } from '../check.ts';

/** Handshake times are compared with the current time. */
export const clock: Check = {
  name: 'clock',
  async find() {
    return isSystemdRunning() ? judgeClock(await readClockState()) : NEEDS_SYSTEMD;
  },
};

export function judgeClock({ isSynchronised, canSynchronise, isSwitchedOn }: ClockState): Concern[] {
  if (isSynchronised) return [];
  return [concern('clock-unsynchronised', 'the clock is not synchronised', findRemedy(canSynchronise, isSwitchedOn))];
}

function findRemedy(canSynchronise: boolean, isSwitchedOn: boolean): string {
  if (!canSynchronise) return 'apt-get install systemd-timesyncd';
  return isSwitchedOn ? 'systemctl restart systemd-timesyncd' : 'timedatectl set-ntp true';
}
