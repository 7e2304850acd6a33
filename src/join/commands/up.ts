import { InputError } from '../../core/values/errors.ts';
import { isSystemdRunning } from '../../system/host/timers.ts';
import { type NamedCall, requireRoot } from './call.ts';
import { requireTunnel } from './existing.ts';
import { enable, start } from './service.ts';
import { reportOutcome } from './setup/outcome.ts';

/** `wgkex-join up`: start a tunnel. False if it does not come up. */
export async function run({ name }: NamedCall): Promise<boolean> {
  requireRoot();
  requireTunnel(name);
  if (!isSystemdRunning())
    throw new InputError(`Cannot start ${name}: systemd is not running here; start it with: wgkex-join run ${name}`);
  await enable(name);
  await start(name);
  return reportOutcome(name);
}
