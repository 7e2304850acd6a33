import { HELPER, USER } from '../../../core/client/installation.ts';
import type { Account } from '../../../core/host/account.ts';
import { findAccount } from '../../../system/host/account.ts';
import { SudoAsUser } from '../../../system/host/sudo.ts';
import { isRoot } from '../call.ts';
import { type Check, type Finding, finding, NEEDS_ROOT, NotChecked } from './finding.ts';
import { REINSTALL } from './installation.ts';

const MAKE_USER = 'systemd-sysusers wgkex-client.conf';

export const account: Check = {
  name: 'user',
  async find() {
    return judgeAccount(await findAccount(USER));
  },
};

export function judgeAccount(found: Account | undefined): Finding[] {
  if (found === undefined) return [finding('user-missing', `there is no user ${USER}`, MAKE_USER)];
  return found.uid === 0 ? [finding('user-is-root', `user ${USER} is root`, `userdel -f ${USER}; ${MAKE_USER}`)] : [];
}

/** The one thing that the user may do as root is to start wgkex-tunnel, without arguments. */
export const sudo: Check = {
  name: 'sudo',
  async find() {
    if (!isRoot()) return NEEDS_ROOT;
    if ((await findAccount(USER)) === undefined) return new NotChecked(`there is no user ${USER}`);
    const asUser = new SudoAsUser('sudo', USER);
    if (!(await asUser.allows(HELPER)))
      return [finding('sudo-rule-missing', `sudo does not let user ${USER} run ${HELPER}`, REINSTALL)];
    const takesArguments = await asUser.allows(HELPER, '--version');
    const problem = `sudo lets user ${USER} pass arguments to ${HELPER}`;
    return takesArguments ? [finding('sudo-arguments', problem, `grep -rw ${USER} /etc/sudoers /etc/sudoers.d`)] : [];
  },
};
