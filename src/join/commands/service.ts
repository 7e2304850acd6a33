import type { InstanceName } from '../../core/client/instance.ts';
import { run } from '../../system/run/run.ts';

/** What keeps a tunnel up. */
export function nameUnit(name: InstanceName): string {
  return `wgkex-join@${name}.service`;
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

/** Stops a tunnel, and takes it out of the next boots. @throws ProgramError */
export async function disable(name: InstanceName): Promise<void> {
  await run('systemctl', ['disable', '--now', '--quiet', nameUnit(name)]);
  await forgetFailures(name);
}

/** systemd refuses to forget what it does not know. */
async function forgetFailures(name: InstanceName): Promise<void> {
  await run('systemctl', ['reset-failed', nameUnit(name)]).catch(() => {});
}
