import { type ClockState, parseClockState } from '../../core/host/clock.ts';
import { run } from '../run/run.ts';

/** What systemd says about the clock of this machine. */
export async function readClockState(): Promise<ClockState> {
  return parseClockState(await run('timedatectl', ['show']));
}
