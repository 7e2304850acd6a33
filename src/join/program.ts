import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import { EXIT_FAILURE } from '../command-line.ts';
import { OVER_TCP, parseGateway, parseInstanceName } from '../core/client/instance.ts';
import { MOST_SAMPLE } from '../core/client/instance-file.ts';
import { describeError } from '../core/values/errors.ts';
import type { HostPort } from '../core/values/host-port.ts';
import { PROGRAM, type Run } from './commands/call.ts';

/** On a terminal of 80 columns, descriptions get a third of the width. */
const NARROWEST_TEXT = 24;
const NAME = 'your name for the tunnel, such as members';
const ABOUT = [
  "Keeps a member's tunnel to one of several gateways.",
  'It asks for the access code that the operator sent, which is never an argument.',
].join('\n\n');
const EXAMPLES = `
Examples:
  set up a tunnel, which then also comes up at boot:
    ${PROGRAM} members --gateway gw1.example.org --domain members
  change a setting of it:
    ${PROGRAM} members --all-traffic
  see how it is, and what is wrong if it does not work:
    ${PROGRAM} status
    ${PROGRAM} doctor

The manual is ${PROGRAM}(8).`;

/** All commands with their options. A command loads its code only when it is called, so that the others start fast. */
export function buildProgram(): Command {
  const program = addSetupOptions(new Command(PROGRAM))
    .usage('NAME --gateway HOST[,HOST...] --domain DOMAIN [options]\n       wgkex-join COMMAND [NAME] [options]')
    .description(ABOUT)
    .addHelpText('after', EXAMPLES)
    .helpOption('-h, --help', 'print this text')
    .helpCommand(false)
    .version(`${PROGRAM} ${version}`, '--version', 'print the version')
    .enablePositionalOptions()
    .configureHelp({ minWidthToWrap: NARROWEST_TEXT })
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      if (name === undefined) command.help({ error: true });
      const { newKey } = command.opts<{ newKey?: boolean }>();
      await call(() => (newKey ? import('./commands/new-key.ts') : import('./commands/setup/setup.ts')), command);
    });
  addCommands(program);
  for (const command of program.commands) command.allowExcessArguments(false);
  return program;
}

/** `wgkex-join NAME` sets up, changes settings, or replaces the key. */
function addSetupOptions(program: Command): Command {
  return program
    .argument('[name]', NAME, reading(parseInstanceName))
    .allowExcessArguments(false)
    .option('--gateway <hosts>', 'HOST, HOST:PORT or [IPV6]:PORT of the gateways, separated by commas', addGateways)
    .option('--domain <domain>', 'the domain of the members, as the operator calls it')
    .option('--token-file <file>', 'read the access code here instead of asking; - for standard input')
    .option('--all-traffic', "send everything through the tunnel, not only what is for the members' networks")
    .option('--no-all-traffic', 'take --all-traffic back')
    .option('--proxy-only', 'send only what a program binds to the address of the lease, such as a proxy')
    .option('--no-proxy-only', 'take --proxy-only back')
    .addOption(
      new Option(
        '--over-tcp <when>',
        'use the relay of a gateway, for networks without UDP; auto if never set',
      ).choices(OVER_TCP),
    )
    .option('--sample <number>', 'how many gateways to compare by connection time; 3 if never set', readSample)
    .option('--no-start', 'neither start it now nor at boot')
    .option('--new-key', 'replace the key pair, after which the operator must release the lease');
}

function addCommands(program: Command): void {
  const needName = ['<name>', NAME, reading(parseInstanceName)] as const;
  const mayName = ['[name]', `${NAME}; all of them if omitted`, reading(parseInstanceName)] as const;
  program
    .command('status')
    .description('show whether the tunnels are up, and what is wrong if not')
    .argument(...mayName)
    .option('--json', 'print JSON for programs')
    .action(lazily(() => import('./commands/status/status.ts')));
  program
    .command('doctor')
    .description('check everything that a tunnel needs, and show what fixes problems')
    .argument(...mayName)
    .option('--json', 'print JSON for programs')
    .action(lazily(() => import('./commands/doctor/doctor.ts')));
  program
    .command('down')
    .description('stop a tunnel until the next boot, or until "up"')
    .argument(...needName)
    .action(lazily(() => import('./commands/down.ts')));
  program
    .command('up')
    .description('start a tunnel')
    .argument(...needName)
    .action(lazily(() => import('./commands/up.ts')));
  program
    .command('export')
    .description('print the tunnel as a file for the WireGuard apps, for another device')
    .argument(...needName)
    .option('--output <file>', 'write a new file here, which only its owner can read')
    .addOption(new Option('--qr', 'draw a QR code, for the app of a phone').conflicts('output'))
    .action(lazily(() => import('./commands/export/export.ts')));
  program
    .command('leave')
    .description('stop a tunnel, and remove its key, credentials and settings')
    .argument(...needName)
    .action(lazily(() => import('./commands/leave.ts')));
  program
    .command('run')
    .description('keep a tunnel up in the foreground; its service does this')
    .argument(...needName)
    .action(lazily(() => import('./commands/run.ts')));
}

type Load = () => Promise<{ readonly run: Run<never> }>;

/** Loads the code of a command when it is called. */
function lazily(load: Load) {
  return (...given: readonly unknown[]): Promise<void> => call(load, given.at(-1) as Command);
}

async function call(load: Load, command: Command): Promise<void> {
  const { run } = await load();
  const isGood = await run({ name: command.processedArgs[0], options: command.opts<never>() });
  if (!isGood) process.exitCode = EXIT_FAILURE;
}

/** Commander prints the message of this error after the name of the option. */
function reading<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(describeError(error));
    }
  };
}

function addGateways(text: string, others: readonly HostPort[] = []): HostPort[] {
  return [...others, ...text.split(',').map((one) => reading(parseGateway)(one.trim()))];
}

function readSample(text: string): number {
  const number = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > MOST_SAMPLE) throw new InvalidArgumentError(`expected a number from 1 to ${MOST_SAMPLE}`);
  return number;
}
