import { statSync } from 'node:fs';
import { findAccount } from '../../../system/host/account.ts';
import type { Concern } from '../../gateway/attention.ts';
import { type Check, concern } from '../check.ts';
import { EXECUTABLES, REINSTALL, SUDOERS, SUDOERS_OF_SUDO, USER } from './installation.ts';
import { usesSudo } from './sudo.ts';
import { findReadingFaults, findTrustFaults, isThere } from './trust.ts';

/** Expected by sudo, and set by the package. */
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

/** The services cannot create them: everything except these directories is read-only to them. */
function findDirectoryFaults(path: string): Concern[] {
  if (!isThere(path)) return [concern(`directory ${path} does not exist`, `install -d -m 0755 ${path}`)];
  return findTrustFaults(path);
}

function findExecutableFaults(path: string): Concern[] {
  if (!isThere(path)) return [concern(`${path} does not exist`, REINSTALL)];
  const isExecutable = (statSync(path).mode & 0o555) === 0o555;
  const unusable = concern(`${path} is not executable by everyone`, `chmod a+rx ${path}`);
  return [...findTrustFaults(path), ...(isExecutable ? [] : [unusable])];
}

function findSudoersFaults(): Concern[] {
  const missing = isThere(SUDOERS) ? [] : [concern(`${SUDOERS} does not exist`, REINSTALL)];
  return [...missing, ...[SUDOERS, SUDOERS_OF_SUDO].filter(isThere).flatMap(judgeSudoers)];
}

function judgeSudoers(path: string): Concern[] {
  const mode = statSync(path).mode & 0o7777;
  const wrong = `${path} has mode ${mode.toString(8).padStart(4, '0')}, expected 0440`;
  return [
    ...findTrustFaults(path).filter(({ remedy }) => !remedy?.startsWith(`chmod go-w ${path}`)),
    ...(mode === SUDOERS_MODE ? [] : [concern(wrong, `chmod 0440 ${path}`)]),
  ];
}

/** Paths share directories, so the same fault can turn up more than once. */
function omitRepeated(faults: readonly Concern[]): Concern[] {
  return [...new Map(faults.map((fault) => [fault.problem, fault])).values()];
}
