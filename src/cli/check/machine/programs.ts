import { accessSync, constants } from 'node:fs';
import { PROGRAMS, type Program } from '../../../system/run/programs.ts';
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
  async find() {
    const missing = Object.entries(PACKAGES).filter(([program]) => !isExecutable(PROGRAMS[program as Program]));
    return missing.map(([program, name]) =>
      concern('program-missing', `there is no ${PROGRAMS[program as Program]}`, `apt-get install --reinstall ${name}`),
    );
  },
};

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
