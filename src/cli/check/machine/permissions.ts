import { statSync } from 'node:fs';
import type { Config } from '../../../config/config.ts';
import { findAccount } from '../../../system/host/account.ts';
import { locateTable } from '../../../system/members/table-file.ts';
import type { Concern } from '../../gateway/concern.ts';
import { type Check, concern } from '../check.ts';
import { EXECUTABLES, REINSTALL, SUDOERS, SUDOERS_OF_SUDO, USER } from './installation.ts';
import { usesSudo } from './sudo.ts';
import { findReadingFaults, findTrustFaults, isThere } from './trust.ts';

/** Expected by sudo, and set by the package. */
const SUDOERS_MODE = 0o440;
const OPEN_TO_ALL = 0o007;
const OPEN_TO_OTHERS = 0o077;

export const permissions: Check = {
  name: 'permissions',
  async find({ config, path }) {
    const account = await findAccount(USER);
    const directories = [config.state_directory, config.runtime_directory];
    const faults = [
      ...findTrustFaults(path),
      ...listFiles(config).filter(isThere).flatMap(findTrustFaults),
      ...findPrivacyFaults(config.router_names),
      ...findTableFaults(locateTable(config)),
      ...(account === undefined ? [] : findReadingFaults(path, account)),
      ...directories.flatMap(findDirectoryFaults),
      ...EXECUTABLES.flatMap(findExecutableFaults),
      ...(usesSudo(config.handler) ? findSudoersFaults() : []),
    ];
    return omitRepeated(faults);
  },
};

/** The lists that an operator edits: they decide who is a router, and what it is called. */
function listFiles({ disallowed_keys, static_keys, router_names, domains }: Config): string[] {
  return [
    disallowed_keys,
    static_keys,
    router_names,
    ...[...domains.values()].flatMap((one) => one.allowed_keys ?? []),
  ];
}

/** A group of operators may read where people live, but not every user. */
function findPrivacyFaults(path: string): Concern[] {
  const isOpen = ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & OPEN_TO_ALL) !== 0;
  return isOpen
    ? [concern('names-readable', `every user may read the names of routers in ${path}`, `chmod o-rwx ${path}`)]
    : [];
}

/** Anyone who can read the leases can use them. */
function findTableFaults(path: string): Concern[] {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return [];
  const problem = `other users may read ${path}: who has read it can use every lease in it (wgkex lease rotate ID)`;
  const isOpen = (status.mode & OPEN_TO_OTHERS) !== 0;
  return [...findTrustFaults(path), ...(isOpen ? [concern('leases-readable', problem, `chmod 0600 ${path}`)] : [])];
}

/** The services cannot create them: everything except these directories is read-only to them. */
function findDirectoryFaults(path: string): Concern[] {
  if (!isThere(path))
    return [concern('directory-missing', `directory ${path} does not exist`, `install -d -m 0755 ${path}`)];
  return findTrustFaults(path);
}

function findExecutableFaults(path: string): Concern[] {
  if (!isThere(path)) return [concern('executable-missing', `${path} does not exist`, REINSTALL)];
  const isExecutable = (statSync(path).mode & 0o555) === 0o555;
  const unusable = concern('not-executable', `${path} is not executable by everyone`, `chmod a+rx ${path}`);
  return [...findTrustFaults(path), ...(isExecutable ? [] : [unusable])];
}

function findSudoersFaults(): Concern[] {
  const missing = isThere(SUDOERS) ? [] : [concern('sudoers-missing', `${SUDOERS} does not exist`, REINSTALL)];
  return [...missing, ...[SUDOERS, SUDOERS_OF_SUDO].filter(isThere).flatMap(judgeSudoers)];
}

function judgeSudoers(path: string): Concern[] {
  const mode = statSync(path).mode & 0o7777;
  const wrong = `${path} has mode ${mode.toString(8).padStart(4, '0')}, expected 0440`;
  return [
    ...findTrustFaults(path).filter(({ remedy }) => remedy !== `chmod go-w ${path}`),
    ...(mode === SUDOERS_MODE ? [] : [concern('sudoers-mode', wrong, `chmod 0440 ${path}`)]),
  ];
}

/** Paths share directories, so the same fault can turn up more than once. */
function omitRepeated(faults: readonly Concern[]): Concern[] {
  return [...new Map(faults.map((fault) => [fault.problem, fault])).values()];
}
