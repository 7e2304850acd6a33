import { Argument, Command, Option } from 'commander';
import { version } from '../../package.json';
import { DEFAULT_CONFIG_PATH } from '../command-line.ts';
import { PEER_ORDERS, type PeerOrder } from '../core/operator/peer-order.ts';
import { ROUTER_WORDS } from '../core/operator/router-query.ts';
import { PEER_STATES } from '../core/peers/peer-state.ts';
import { ADDRESS_VARIANTS } from '../core/values/address-variant.ts';
import { addEditOptions, lazily } from './command-parts.ts';
import { addLeaseCommands } from './lease-commands.ts';
import { PROGRAM } from './terminal/call.ts';

/** On a terminal of 80 columns, descriptions get a third of the width. */
const NARROWEST_TEXT = 24;

/** All commands with their options. A command loads its code only when it is called, so that the others start fast. */
export function buildProgram(): Command {
  const program = new Command(PROGRAM)
    .description("The operator's command for the WireGuard key exchange.")
    .helpOption('-h, --help', 'print this text')
    .helpCommand(false)
    .version(`${PROGRAM} ${version}`, '--version', 'print the version')
    .option('--config <path>', 'read this configuration', DEFAULT_CONFIG_PATH)
    .option('--json', 'print JSON for programs')
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: NARROWEST_TEXT })
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
  program
    .command('status')
    .description('show the state of all domains, and what needs attention')
    .option('--html <file>', 'write a public page without keys or addresses; - for standard output')
    .action(lazily(() => import('./commands/status/status.ts')));
  program
    .command('check')
    .description('check everything that a gateway needs, and show commands that fix problems')
    .option('--fix', 'run the harmless ones of these commands, after a question for each')
    .option('--yes', 'with --fix: ask no questions')
    .action(lazily(() => import('./commands/check/check.ts')));
  addListOptions(program.command('peers'), 'handshake')
    .description('list the peers of one domain, or of all')
    .option('--mesh', 'show which routers are neighbours in the mesh of batman-adv')
    .action(lazily(() => import('./commands/peers/peers.ts')));
  addListOptions(program.command('watch'), 'traffic')
    .description('list the peers and their current traffic, until q is pressed')
    .option('--interval <seconds>', 'refresh at this interval', '2')
    .action(lazily(() => import('./commands/watch/watch.ts')));
  program
    .command('show')
    .description('show everything known about a router, or why it is not there')
    .argument('<router>', ROUTER_WORDS)
    .action(lazily(() => import('./commands/show/show.ts')));
  program
    .command('derive')
    .description('show the addresses that belong to a public key, or the VNI of a domain')
    .argument('[key]', 'a public key')
    .addOption(new Option('--variant <name>', 'use only this derivation').choices(ADDRESS_VARIANTS))
    .addOption(new Option('--vni <seed>', 'the VXLAN number that belongs to this domain_seed').conflicts('variant'))
    .action(lazily(() => import('./commands/derive/derive.ts')));
  program
    .command('exchange')
    .description('register a key as a router does, and show the reply')
    .argument('<gateway>', 'HOST, HOST:PORT or [IPV6]:PORT; with --http a URL')
    .argument('<domain>', 'the name of a domain')
    .argument('[key]', 'a public key; a new one if omitted')
    .option('--quiet-success', 'count silence as success, for a gateway with quiet_success')
    .addOption(new Option('--http', 'ask as a router that speaks HTTP').conflicts('quietSuccess'))
    .option('--v2', 'ask for the endpoint to dial, too; with --http')
    .action(lazily(() => import('./commands/exchange/exchange.ts')));
  program
    .command('fleet')
    .description('show the gateways of the community, or drain this one')
    .addArgument(new Argument('[action]', 'drain: no new routers by v2; undrain: again').choices(['drain', 'undrain']))
    .action(lazily(() => import('./commands/fleet/fleet.ts')));
  program
    .command('import-ffmuc')
    .description("print the configuration that belongs to freifunkMUC's wgkex.yaml")
    .argument('<file>', 'its wgkex.yaml')
    .option('--host <name>', 'the host that the file belongs to, if it is another one')
    .action(lazily(() => import('./commands/import-ffmuc/import-ffmuc.ts')));
  addEditOptions(program.command('name'))
    .description('give the router of a key a name, for the lists of this command')
    .argument('<key>', 'a public key')
    .argument('[name]', 'up to 64 characters')
    .option('--remove', 'take its name away')
    .action(lazily(() => import('./commands/name/name.ts')));
  addNameOption(addEditOptions(program.command('add')))
    .description('admit a key to a domain')
    .argument('<domain>', 'the name of a domain')
    .argument('<key>', 'a public key')
    .action(lazily(() => import('./commands/add/add.ts')));
  addEditOptions(program.command('remove'))
    .description('remove a key from a domain, until its router registers again')
    .argument('<domain>', 'the name of a domain')
    .argument('<key>', 'a public key')
    .action(lazily(() => import('./commands/remove/remove.ts')));
  addNameOption(addEditOptions(program.command('block')))
    .description('remove a key from every domain, and refuse it from now on')
    .argument('<key>', 'a public key')
    .option('--reason <text>', 'note this in the list of disallowed keys')
    .option('--fleet', 'on all other gateways that are online, too, over SSH')
    .action(lazily(() => import('./commands/block/block.ts')));
  addEditOptions(program.command('unblock'))
    .description('take a key off the list of disallowed keys')
    .argument('<key>', 'a public key')
    .action(lazily(() => import('./commands/unblock/unblock.ts')));
  addNameOption(addEditOptions(program.command('static')))
    .description('edit the list of static keys, whose peers are left alone')
    .addArgument(new Argument('<action>', 'what to do with the key').choices(['add', 'remove']))
    .argument('<key>', 'a public key')
    .option('--note <text>', 'note this in the list of static keys')
    .action(lazily(() => import('./commands/static/static.ts')));
  addEditOptions(program.command('release'))
    .description('hand a peer over to the operator, unchanged')
    .argument('<domain>', 'the name of a domain')
    .argument('<key>', 'a public key')
    .action(lazily(() => import('./commands/release/release.ts')));
  program
    .command('adopt')
    .description('take over the peers that another service left in a domain')
    .argument('<domain>', 'the name of a domain')
    .argument('[keys...]', 'only these public keys')
    .option('--yes', 'make the changes instead of only showing them')
    .action(lazily(() => import('./commands/adopt/adopt.ts')));
  addLeaseCommands(program.command('lease').description('grant, list and change the leases of domains with a pool'));
  return program;
}

/** Of commands for a key whose router the operator knows. */
function addNameOption(command: Command): Command {
  return command.option('--name <name>', 'also give its router this name');
}

/** Options common to `peers` and `watch`. */
function addListOptions(command: Command, order: PeerOrder): Command {
  command.argument('[domain]', 'the name of a domain');
  for (const state of PEER_STATES) command.option(`--${state}`, DESCRIPTIONS[state]);
  command.option('--name <part>', 'only those whose name contains this');
  return command.addOption(new Option('--sort <by>', 'sort in this order').choices(PEER_ORDERS).default(order));
}

const DESCRIPTIONS = {
  alive: 'those with a handshake in the last 3 minutes',
  idle: 'those with an older handshake that are not stale',
  stale: 'those that the cleanup will remove',
  pending: 'those that never connected',
  static: 'those set up by hand',
} as const;
