import type { InstanceName } from '../../core/client/instance.ts';
import { run } from '../../system/run/run.ts';

/** What keeps a tunnel up. */
export function nameUnit(name: InstanceName): string {
  return `wgkex-join@${name}.service`;
}

/** Its proxy, which is started only where somebody enabled it. */
export function nameProxyUnit(name: InstanceName): string {
  return `wgkex-socks@${name}.service`;
}

/** Enables a tunnel for each boot. @throws ProgramError */
export async function enable(name: InstanceName): Promise<void> {
  await run('systemctl', ['enable', '--quiet', nameUnit(name)]);
}

/** Starts a tunnel with its present settings, also after systemd gave it up. @throws ProgramError */
export async function restart(name: InstanceName): Promise<void> {
  await forgetFailures(name);
  await run('systemctl', ['restart', nameUnit(name)]);
}

/** The same, but leaves a tunnel alone that has started already. @throws ProgramError */
export async function start(name: InstanceName): Promise<void> {
  await forgetFailures(name);
  await run('systemctl', ['start', nameUnit(name)]);
}

/** @throws ProgramError */
export async function stop(name: InstanceName): Promise<void> {
  await run('systemctl', ['stop', nameUnit(name)]);
}

/** Stops a tunnel and its proxy, and takes them out of the next boots. @throws ProgramError */
export async function disable(name: InstanceName): Promise<void> {
  for (const words of buildDisable(name)) await run('systemctl', words);
  await forgetFailures(name);
}

/** What {@link disable} has systemctl do, one call after the other. */
export function buildDisable(name: InstanceName): (readonly string[])[] {
  const units = [nameProxyUnit(name), nameUnit(name)];
  return [
    ['stop', ...units],
    ['disable', '--quiet', ...units],
  ];
}

/** systemd refuses to forget what it does not know, but forgets the others. */
async function forgetFailures(name: InstanceName): Promise<void> {
  await run('systemctl', ['reset-failed', nameUnit(name), nameProxyUnit(name)]).catch(() => {});
}
