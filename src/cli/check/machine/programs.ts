import { accessSync, constants } from 'node:fs';
import { isLeased } from '../../../config/config.ts';
import { PROGRAMS, type Program } from '../../../system/run/programs.ts';
import type { Concern } from '../../gateway/concern.ts';
import { type Check, concern } from '../check.ts';

/** The package of each program; systemd brings its own programs. */
const PACKAGES: Partial<Record<Program, string>> = {
  wg: 'wireguard-tools',
  bridge: 'iproute2',
  ip: 'iproute2',
  flock: 'util-linux',
  sudo: 'sudo',
};

export const programs: Check = {
  name: 'programs',
  async find({ domains }) {
    const hasLeases = domains.some(isLeased);
    const missing = Object.entries(PACKAGES).filter(([program]) => !isExecutable(PROGRAMS[program as Program]));
    return [
      ...missing.map(([program, name]) => describeMissing(program as Program, `--reinstall ${name}`)),
      ...(hasLeases && !isExecutable(PROGRAMS.sqlite3) ? [describeMissing('sqlite3', 'sqlite3')] : []),
    ];
  },
};

function describeMissing(program: Program, words: string): Concern {
  return concern('program-missing', `there is no ${PROGRAMS[program]}`, `apt-get install ${words}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
