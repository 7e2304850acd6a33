import { statSync } from 'node:fs';
import { findAccount } from '../../system/accounts.ts';
import type { Concern } from '../attention.ts';
import { type Check, concern } from './check.ts';
import { EXECUTABLES, REINSTALL, SUDOERS, USER } from './installation.ts';
import { findReadingFaults, findTrustFaults, isThere } from './trust.ts';

/** Which sudo expects, and the package brings. */
const SUDOERS_MODE = 0o440;

export const permissions: Check = {
  name: 'permissions',
  async find({ config, path }) {
    const account = await findAccount(USER);
    const directories = [config.state_directory, config.runtime_directory];
    const faults = [
      ...findTrustFaults(path),
      ...(account === undefined ? [] : findReadingFaults(path, account)),
      ...directories.flatMap(findDirectoryFaults),
      ...EXECUTABLES.flatMap(findExecutableFaults),
      ...(usesSudo(config.handler) ? findSudoersFaults() : []),
    ];
    return omitRepeated(faults);
  },
};

/** The default, and whatever an operator writes in its place. */
export function usesSudo([program = '']: readonly string[]): boolean {
  return /(^|\/)sudo$/.test(program);
}

/** The services may not make one: all but these directories is read-only to them. */
function findDirectoryFaults(path: string): Concern[] {
  if (!isThere(path)) return [concern(`directory ${path} does not exist`, `install -d -m 0755 ${path}`)];
  return findTrustFaults(path);
}

function findExecutableFaults(path: string): Concern[] {
  if (!isThere(path)) return [concern(`${path} does not exist`, REINSTALL)];
  const isExecutable = (statSync(path).mode & 0o555) === 0o555;
  const unusable = concern(`not everybody may run ${path}`, `chmod a+rx ${path}`);
  return [...findTrustFaults(path), ...(isExecutable ? [] : [unusable])];
}

function findSudoersFaults(): Concern[] {
  if (!isThere(SUDOERS)) return [concern(`${SUDOERS} does not exist`, REINSTALL)];
  const mode = statSync(SUDOERS).mode & 0o7777;
  const wrong = `${SUDOERS} has mode ${mode.toString(8).padStart(4, '0')}, expected 0440`;
  return [
    ...findTrustFaults(SUDOERS).filter(({ remedy }) => !remedy?.startsWith(`chmod go-w ${SUDOERS}`)),
    ...(mode === SUDOERS_MODE ? [] : [concern(wrong, `chmod 0440 ${SUDOERS}`)]),
  ];
}

/** Paths have directories in common. */
function omitRepeated(faults: readonly Concern[]): Concern[] {
  return [...new Map(faults.map((fault) => [fault.problem, fault])).values()];
}
