import type { Account } from '../../core/account.ts';
import type { SudoRights } from '../../core/sudo-rights.ts';
import { findAccount, readSudoRights } from '../../system/accounts.ts';
import type { Concern } from '../attention.ts';
import { type Check, concern, isRoot, NEEDS_ROOT, NotChecked } from './check.ts';
import { HANDLER, REINSTALL, SUDOERS, USER } from './installation.ts';
import { usesSudo } from './permissions.ts';

const RULE = `(root) NOPASSWD: ${HANDLER} ""`;
/** With these sudo becomes the handler, and stays in front of nothing. */
const OPTIONS = ['env_keep=JOURNAL_STREAM', '!use_pty', '!pam_session', '!pam_setcred', 'umask_override', 'umask=0022'];

export const account: Check = {
  name: 'user',
  async find() {
    return judgeAccount(await findAccount(USER));
  },
};

export function judgeAccount(found: Account | undefined): Concern[] {
  if (found === undefined) return [concern(`there is no user ${USER}`, 'systemd-sysusers wgkex.conf')];
  return found.uid === 0 ? [concern(`user ${USER} is root`, `userdel -f ${USER}; systemd-sysusers wgkex.conf`)] : [];
}

export const sudo: Check = {
  name: 'sudo',
  async find({ config }) {
    if (!usesSudo(config.handler)) return new NotChecked('the handler is started without it');
    if (!isRoot()) return NEEDS_ROOT;
    if ((await findAccount(USER)) === undefined) return new NotChecked(`there is no user ${USER}`);
    return judgeSudoRights(await readSudoRights(USER));
  },
};

/** The rule of the package must be there as it came, and no other one. */
export function judgeSudoRights({ rules, options }: SudoRights): Concern[] {
  const renew = `rm -f ${SUDOERS}; ${REINSTALL}`;
  if (!rules.includes(RULE)) return [concern(`sudo does not let user ${USER} run the handler`, renew)];
  const set = options.get(HANDLER) ?? [];
  const unset = OPTIONS.filter((option) => !set.includes(option));
  const more = rules.filter((rule) => rule !== RULE);
  return [
    ...(unset.length === 0 ? [] : [concern(`sudo runs the handler without ${unset.join(', ')}`, renew)]),
    ...more.map((rule) =>
      concern(`sudo also lets user ${USER} run ${rule}`, `grep -rw ${USER} /etc/sudoers /etc/sudoers.d`),
    ),
  ];
}
