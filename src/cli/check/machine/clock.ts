import type { ClockState } from '../../../core/host/clock.ts';
import { readClockState } from '../../../system/host/clock.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import type { Concern } from '../../gateway/attention.ts';
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
  if (!canSynchronise) return [concern('the clock is not synchronised', 'apt-get install systemd-timesyncd')];
  const remedy = isSwitchedOn ? 'systemctl restart systemd-timesyncd' : 'timedatectl set-ntp true';
  return [concern('the clock is not synchronised', remedy)];
}
