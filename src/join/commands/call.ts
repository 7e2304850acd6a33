import { EXIT_USAGE } from '../../command-line.ts';
import type { InstanceName } from '../../core/client/instance.ts';

export const PROGRAM = 'wgkex-join';

/** A command as it was called. */
export interface Call<Options extends object = object> {
  /** Undefined where the command is for all tunnels if none is named. */
  readonly name: InstanceName | undefined;
  readonly options: Options;
}

/** A command that is for one tunnel. */
export interface NamedCall<Options extends object = object> extends Call<Options> {
  readonly name: InstanceName;
}

/** Runs a command; false if something is wrong or was not found, which means exit status 1. */
export type Run<Options extends object = object> = (call: NamedCall<Options>) => Promise<boolean>;

/** Prints one line about a problem. */
export function complain(reason: string): void {
  process.stderr.write(`${PROGRAM}: ${reason}\n`);
}

/** A mistake on the command line that only the command can see. */
export function exitWithMistake(reason: string): never {
  complain(`${reason}; try ${PROGRAM} --help`);
  process.exit(EXIT_USAGE);
}

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** Before anything is read that only root can read, so that the reason is this one. */
export function requireRoot(): void {
  if (!isRoot()) exitWithMistake('This must be run as root, for instance with sudo');
}
