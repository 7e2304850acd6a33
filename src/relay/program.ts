import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import { parseAddress, parseServer } from '../core/relay/endpoints.ts';
import { describeError } from '../core/values/errors.ts';
import type { HostPort } from '../core/values/host-port.ts';
import { type AddressDetail, parseNetwork } from '../core/values/ip-address.ts';
import type { ClientOptions } from './client.ts';
import type { ServerOptions } from './server.ts';

export const PROGRAM = 'wgkex-relay';

/** The options of both ends. */
export interface CommonOptions {
  readonly metrics?: HostPort;
  readonly logAddresses: AddressDetail;
}

/** What the commands do; each gets its own options with the common ones. */
export interface Actions {
  server(options: ServerOptions & CommonOptions): Promise<void>;
  client(options: ClientOptions & CommonOptions): Promise<void>;
}

const MOST_CONNECTIONS = 100_000;
const ABOUT = [
  'Carries WireGuard over TCP, for networks where UDP is blocked.',
  'The gateway runs the server, in front of its WireGuard port. The other machine runs the client, and its WireGuard ' +
    'uses the address of the client as the endpoint of the gateway. Only messages of WireGuard get through, and only ' +
    'to the address that the server was started with.',
].join('\n\n');
const EXAMPLES = `
Examples:
  on the gateway, whose WireGuard has port 51820:
    ${PROGRAM} server --listen [::]:443 --to 127.0.0.1:51820
  on the other machine, whose WireGuard then has Endpoint = 127.0.0.1:51821:
    ${PROGRAM} client --listen 127.0.0.1:51821 --to gw.example.org:443

WireGuard over UDP is faster; use the relay only where UDP does not get through.
The manual is ${PROGRAM}(8).`;

/** Both commands with their options. */
export function buildProgram(actions: Actions): Command {
  const program = new Command(PROGRAM)
    .description(ABOUT)
    .addHelpText('after', EXAMPLES)
    .helpOption('-h, --help', 'print this text')
    .helpCommand(false)
    .version(`${PROGRAM} ${version}`, '--version', 'print the version')
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
  program
    .command('server')
    .description('run on the gateway: accept TCP connections, and pass their messages to WireGuard')
    .option('--listen <address>', 'accept TCP connections here, unless systemd passes a socket', reading(parseAddress))
    .requiredOption('--to <address>', 'the UDP address of WireGuard, and the only target', reading(parseAddress))
    .option('--connections <number>', 'the most connections at once', readNumber, 1000)
    .option('--connections-per-source <number>', 'the most of one IPv4 address or IPv6 /64', readNumber, 20)
    .option('--exempt <network>', 'a network without limits per source, such as a proxy; repeatable', addNetwork)
    .action((options: ServerOptions & CommonOptions) => actions.server(options));
  program
    .command('client')
    .description('run at the other end: take what WireGuard sends to a UDP port to the server')
    .requiredOption('--listen <address>', 'the UDP address that is the endpoint for WireGuard', reading(parseAddress))
    .requiredOption('--to <server>', 'name or address of the server, and its TCP port', reading(parseServer))
    .action((options: ClientOptions & CommonOptions) => actions.client(options));
  for (const command of program.commands) addCommonOptions(command);
  return program;
}

function addCommonOptions(command: Command): void {
  const addresses = new Option('--log-addresses <detail>', 'how much of addresses the log shows');
  command
    .option('--metrics <address>', 'serve metrics for Prometheus here', reading(parseAddress))
    .addOption(addresses.choices(['full', 'prefix', 'none']).default('full'))
    .allowExcessArguments(false);
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

function readNumber(text: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > MOST_CONNECTIONS)
    throw new InvalidArgumentError(`Expected a number from 1 to ${MOST_CONNECTIONS}`);
  return number;
}

type Network = ReturnType<typeof parseNetwork>;

function addNetwork(text: string, others: readonly Network[] = []): Network[] {
  return [...others, reading(parseNetwork)(text)];
}
