import { printLines } from '../../cli/terminal/print.ts';
import { takeDown } from '../../system/client/tunnel.ts';
import { isSystemdRunning } from '../../system/host/timers.ts';
import { type NamedCall, requireRoot } from './call.ts';
import { requireTunnel } from './existing.ts';
import { stop } from './service.ts';

/** `wgkex-join down`: stop a tunnel. */
export async function run({ name }: NamedCall): Promise<boolean> {
  requireRoot();
  requireTunnel(name);
  const isService = isSystemdRunning();
  if (isService) await stop(name);
  // One that was killed has left it.
  await takeDown(name);
  printLines([isService ? `${name} is down until the next boot, or until: wgkex-join up ${name}` : `${name} is down`]);
  return true;
}
