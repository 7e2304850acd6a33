import type { Account } from '../../../core/host/account.ts';
import { findAccount } from '../../../system/host/account.ts';
import type { Concern } from '../../gateway/concern.ts';
import { type Check, concern } from '../check.ts';
import { USER } from './installation.ts';

export const account: Check = {
  name: 'user',
  async find() {
    return judgeAccount(await findAccount(USER));
  },
};

export function judgeAccount(found: Account | undefined): Concern[] {
  if (found === undefined) return [concern('user-missing', `there is no user ${USER}`, 'systemd-sysusers wgkex.conf')];
  const isRoot = concern('user-is-root', `user ${USER} is root`, `userdel -f ${USER}; systemd-sysusers wgkex.conf`);
  return found.uid === 0 ? [isRoot] : [];
}
