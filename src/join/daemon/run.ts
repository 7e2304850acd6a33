import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { orExitWithConfigError } from '../../command-line.ts';
import { INSTANCE_DIRECTORY } from '../../core/client/installation.ts';
import type { Instance, InstanceName } from '../../core/client/instance.ts';
import { parseInstance } from '../../core/client/instance-file.ts';
import { describeSystemError, InputError } from '../../core/values/errors.ts';
import { Log } from '../../log/log.ts';
import { Daemon } from './daemon.ts';
import type { DaemonOptions } from './options.ts';

/** Keeps the tunnel up until a signal ends the program, which never returns. */
export async function runDaemon(name: InstanceName, options: DaemonOptions = {}): Promise<void> {
  const instance = orExitWithConfigError('wgkex-join', () => readFile(name, options.instanceDirectory));
  const daemon = new Daemon(instance, options, new Log({ level: 'info', addresses: 'full' }));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => daemon.stop());
  await daemon.run();
  // The machine's resolver may still be asking for addresses.
  process.exit(0);
}

function readFile(name: InstanceName, directory = INSTANCE_DIRECTORY): Instance {
  const path = join(directory, `${name}.toml`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
  return parseInstance(name, text);
}
