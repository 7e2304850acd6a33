import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { HELPER } from '../../../core/client/installation.ts';
import type { ClockState } from '../../../core/host/clock.ts';
import { readClockState } from '../../../system/host/clock.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import { PROGRAMS, type Program } from '../../../system/run/programs.ts';
import { type Check, type Finding, finding, NEEDS_SYSTEMD } from './finding.ts';
import { REINSTALL } from './installation.ts';

const PACKAGES: Partial<Record<Program, string>> = { wg: 'wireguard-tools', ip: 'iproute2', sudo: 'sudo' };
const WIREGUARD_GO = PROGRAMS['wireguard-go'];

export const programs: Check = {
  name: 'programs',
  async find() {
    const missing = Object.entries(PACKAGES).filter(([program]) => !isExecutable(PROGRAMS[program as Program]));
    return [
      ...missing.map(([program, name]) =>
        finding(
          'program-missing',
          `there is no ${PROGRAMS[program as Program]}`,
          `apt-get install --reinstall ${name}`,
        ),
      ),
      ...(isExecutable(HELPER) ? [] : [finding('program-missing', `there is no ${HELPER}`, REINSTALL)]),
    ];
  },
};

export const wireguard: Check = {
  name: 'wireguard',
  async find() {
    const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
    const listed = ['modules.dep', 'modules.builtin'].map((file) => readText(`/lib/modules/${release}/${file}`));
    const isThere = existsSync('/sys/module/wireguard') || listed.some((text) => /\/wireguard\.ko\b/.test(text));
    return isThere || isExecutable(WIREGUARD_GO) ? [] : [describeWithout(release)];
  },
};

function describeWithout(release: string): Finding {
  const problem = `the kernel ${release} has no WireGuard, and there is no ${WIREGUARD_GO}`;
  return finding('wireguard-missing', problem, 'apt-get install wireguard-go');
}

/** Handshakes carry the time: a gateway ignores those that are older than the last one. */
export const clock: Check = {
  name: 'clock',
  async find() {
    return isSystemdRunning() ? judgeClock(await readClockState()) : NEEDS_SYSTEMD;
  },
};

export function judgeClock({ isSynchronised, canSynchronise, isSwitchedOn }: ClockState): Finding[] {
  if (isSynchronised) return [];
  const restart = isSwitchedOn ? 'systemctl restart systemd-timesyncd' : 'timedatectl set-ntp true';
  const remedy = canSynchronise ? restart : 'apt-get install systemd-timesyncd';
  return [finding('clock-unsynchronised', 'the clock is not synchronised', remedy)];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Empty if it cannot be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
