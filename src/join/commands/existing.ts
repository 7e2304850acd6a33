import type { InstanceName } from '../../core/client/instance.ts';
import { InputError } from '../../core/values/errors.ts';
import { listInstances } from '../../system/client/store/instances.ts';

/** What makes the first tunnel. */
export const SET_UP = 'wgkex-join NAME --gateway HOST --domain DOMAIN';

/** @throws InputError if there is no tunnel of this name. */
export function requireTunnel(name: InstanceName): void {
  const names = listInstances();
  if (names.includes(name)) return;
  const known = names.length === 0 ? `none is set up; set one up with: ${SET_UP}` : `there is ${names.join(', ')}`;
  throw new InputError(`There is no tunnel ${name}: ${known}`);
}
