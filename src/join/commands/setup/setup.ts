import { printLines } from '../../../cli/terminal/print.ts';
import type { Instance, InstanceName } from '../../../core/client/instance.ts';
import type { Credentials } from '../../../core/leases/credentials.ts';
import { InputError } from '../../../core/values/errors.ts';
import { listInstances, readInstance } from '../../../system/client/store/instances.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import { exitWithMistake, type NamedCall, requireRoot } from '../call.ts';
import { enable, restart, start } from '../service.ts';
import { isCodeRefused, reportOutcome } from './outcome.ts';
import { areGiven, buildInstance, isSameInstance, type Settings } from './settings.ts';
import { findTokenSource, readToken } from './token.ts';
import { removeTunnel, writeTunnel } from './write.ts';

interface Options extends Settings {
  readonly tokenFile?: string;
  readonly start: boolean;
}

/** What is to be written, checked as far as this machine can check it. */
interface Plan {
  readonly instance: Instance;
  readonly isNew: boolean;
  readonly isChanged: boolean;
  /** Undefined if those that root has stay. */
  readonly credentials: Credentials | undefined;
}

/** `wgkex-join NAME`: set up a tunnel, or change its settings. False if it did not come up. */
export async function run({ name, options }: NamedCall<Options>): Promise<boolean> {
  requireRoot();
  const plan = await prepare(name, options);
  const mayStart = options.start && isSystemdRunning();
  const begun = Math.floor(Date.now() / 1000);
  await carryOut(plan, mayStart);
  if (mayStart) return reportOutcome(name, plan.isChanged ? { since: begun } : {});
  const next = isSystemdRunning()
    ? `start it with: wgkex-join up ${name}`
    : `systemd is not running here; start it with: wgkex-join run ${name}`;
  printLines([`${describe(plan)}; ${next}`]);
  return true;
}

/** Nothing is written before all of it is known to be right. */
async function prepare(name: InstanceName, options: Options): Promise<Plan> {
  const present = listInstances().includes(name) ? readInstance(name) : undefined;
  const source = findTokenSource(options.tokenFile, process.env);
  const needsToken = present === undefined || source !== undefined || (process.stdin.isTTY && isCodeRefused(name));
  if (!needsToken && !areGiven(options))
    throw new InputError(
      `Cannot set up ${name}: it is set up already (see wgkex-join status ${name}); give the settings to change`,
    );
  const instance = orExit(() => buildInstance(name, options, present));
  return {
    instance,
    isNew: present === undefined,
    isChanged: needsToken || !isSameInstance(instance, present),
    credentials: needsToken ? await readToken(source) : undefined,
  };
}

/** A new tunnel that cannot be started leaves nothing. */
async function carryOut({ instance, isNew, isChanged, credentials }: Plan, mayStart: boolean): Promise<void> {
  const { name } = instance;
  try {
    await writeTunnel(instance, credentials);
    if (!mayStart) return;
    await enable(name);
    await (isChanged ? restart(name) : start(name));
  } catch (error) {
    // Why it cannot be started matters more than why something stays.
    if (isNew) await removeTunnel(name).catch(() => {});
    throw error;
  }
}

function describe({ instance: { name }, isNew, isChanged }: Plan): string {
  if (isNew) return `${name} is set up`;
  return isChanged ? `The settings of ${name} are changed` : `The settings of ${name} are as before`;
}

function orExit<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (error instanceof InputError) return exitWithMistake(error.message);
    throw error;
  }
}
