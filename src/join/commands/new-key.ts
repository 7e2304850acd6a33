import { printLines } from '../../cli/terminal/print.ts';
import { readCredentials, replaceKey } from '../../system/client/store/secrets.ts';
import { isSystemdRunning } from '../../system/host/timers.ts';
import { exitWithMistake, type NamedCall, requireRoot } from './call.ts';
import { requireTunnel } from './existing.ts';
import { nameUnit, restart } from './service.ts';
import { areGiven, type Settings } from './setup/settings.ts';
import { readUnit } from './unit.ts';

interface Options extends Settings {
  readonly tokenFile?: string;
}

/** `wgkex-join NAME --new-key`: the lease stays bound to the former key until an operator releases it. */
export async function run({ name, options }: NamedCall<Options>): Promise<boolean> {
  if (areGiven(options) || options.tokenFile !== undefined)
    exitWithMistake('--new-key changes nothing but the key: it goes with no other option');
  requireRoot();
  requireTunnel(name);
  const { id } = readCredentials(name);
  const key = await replaceKey(name);
  if (isSystemdRunning() && (await readUnit(name)).active === 'active') await restart(name);
  printLines([
    `${name} has a new key: ${key}`,
    `The lease ${id} is still bound to the former one: ask the operator to release it (wgkex lease release ${id}).`,
    `After that the tunnel comes up by itself within an hour, or at once with: systemctl restart ${nameUnit(name)}`,
  ]);
  return true;
}
