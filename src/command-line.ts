import { type ParseArgsConfig, parseArgs } from 'node:util';
import { version } from '../package.json';
import { InputError } from './core/values/errors.ts';
import { detectFormat } from './log/format.ts';

export const DEFAULT_CONFIG_PATH = '/etc/wgkex/wgkex.toml';

/** Exit statuses; 2 and 78 (sysexits.h: EX_CONFIG) tell systemd that another try would not help. */
export const EXIT_FAILURE = 1;
/** sysexits.h: EX_TEMPFAIL; systemd has to restart the whole service. */
export const EXIT_RESTART = 75;
export const EXIT_USAGE = 2;
const EXIT_CONFIG = 78;

export interface Usage<O extends Options> {
  readonly program: string;
  /** Everything that `--help` prints. */
  readonly help: string;
  /** The options of the program besides `--help`, `--version` and `--config`. */
  readonly options?: O;
  readonly allowPositionals?: boolean;
  /** Whether it reads wgkex.toml; by default it does. */
  readonly hasConfig?: boolean;
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values = Record<string, string | boolean | undefined>;

interface CommandLine {
  /** Of no use to a program without one. */
  readonly config: string;
  readonly values: Values;
  readonly positionals: readonly string[];
}

const COMMON_OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies Options;
const CONFIG_OPTION = { config: { type: 'string', default: DEFAULT_CONFIG_PATH } } as const satisfies Options;

export const COMMON_HELP = `  --config PATH  read this configuration instead of ${DEFAULT_CONFIG_PATH}
  --help         print this text
  --version      print the version`;

/** Reads the command line. Prints and exits for `--help` and `--version`, and on a usage error. */
export function readCommandLine<O extends Options>({
  program,
  help,
  options,
  allowPositionals = false,
  hasConfig = true,
}: Usage<O>): CommandLine {
  try {
    const all = { ...COMMON_OPTIONS, ...(hasConfig ? CONFIG_OPTION : {}), ...options };
    const { values, positionals } = parseArgs({ options: all, allowPositionals });
    if (values['help'] === true) exitPrinting(`${help}\n`);
    if (values['version'] === true) exitPrinting(`${program} ${version}\n`);
    return { config: String(values['config']), values: values as Values, positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return exitWithUsageError(program, error.message);
  }
}

/** Prints one line that names the mistake and points to `--help`, then exits. */
export function exitWithUsageError(program: string, reason: string): never {
  process.stderr.write(`${program}: ${reason.split('\n')[0]}; try ${program} --help\n`);
  process.exit(EXIT_USAGE);
}

/** Runs `read`, which reads the configuration. If that is bad, prints one line for the operator and exits. */
export function orExitWithConfigError<T>(program: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // The log settings could not be read; only the destination of the line is known.
    const priority = detectFormat() === 'journal' ? '<3>' : '';
    process.stderr.write(`${priority}${program}: ${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

function exitPrinting(text: string): never {
  process.stdout.write(text);
  process.exit(0);
}
