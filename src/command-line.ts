import { type ParseArgsConfig, parseArgs } from 'node:util';
import { version } from '../package.json';
import { InputError } from './core/values/errors.ts';
import { detectFormat } from './log/format.ts';

export const DEFAULT_CONFIG_PATH = '/etc/wgkex/wgkex.toml';

/** Exit statuses; 2 and 78 (sysexits.h: EX_CONFIG) tell systemd that another try would not help. */
export const EXIT_FAILURE = 1;
/** sysexits.h: EX_TEMPFAIL; the whole service has to start again, which systemd does. */
export const EXIT_RESTART = 75;
export const EXIT_USAGE = 2;
const EXIT_CONFIG = 78;

export interface Usage<O extends Options> {
  readonly program: string;
  /** All that `--help` prints. */
  readonly help: string;
  /** What the program understands beside `--help`, `--version` and `--config`. */
  readonly options?: O;
  readonly allowPositionals?: boolean;
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values = Record<string, string | boolean | undefined>;

interface CommandLine {
  readonly config: string;
  readonly values: Values;
  readonly positionals: readonly string[];
}

const COMMON_OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  config: { type: 'string', default: DEFAULT_CONFIG_PATH },
} as const satisfies Options;

export const COMMON_HELP = `  --config PATH  read this configuration instead of ${DEFAULT_CONFIG_PATH}
  --help         print this text
  --version      print the version`;

/** Reads the command line; prints and exits where it asks for help or the version, or cannot be understood. */
export function readCommandLine<O extends Options>({
  program,
  help,
  options,
  allowPositionals = false,
}: Usage<O>): CommandLine {
  try {
    const { values, positionals } = parseArgs({ options: { ...COMMON_OPTIONS, ...options }, allowPositionals });
    if (values['help'] === true) exitPrinting(`${help}\n`);
    if (values['version'] === true) exitPrinting(`${program} ${version}\n`);
    return { config: String(values['config']), values: values as Values, positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return exitWithUsageError(program, error.message);
  }
}

/** One line that says what was wrong, and where to read what is right. */
export function exitWithUsageError(program: string, reason: string): never {
  process.stderr.write(`${program}: ${reason.split('\n')[0]}; try ${program} --help\n`);
  process.exit(EXIT_USAGE);
}

/** Runs what reads the configuration; a bad one is a line for the operator and the end of the program. */
export function orExitWithConfigError<T>(program: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // How to log was to be read; all that is known is where the line goes.
    const priority = detectFormat() === 'journal' ? '<3>' : '';
    process.stderr.write(`${priority}${program}: ${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

function exitPrinting(text: string): never {
  process.stdout.write(text);
  process.exit(0);
}
