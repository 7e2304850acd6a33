import { type Command, Option } from 'commander';
import { addEditOptions, lazily } from './command-parts.ts';

/** Those of `wgkex lease`. */
export function addLeaseCommands(lease: Command): void {
  lease.helpCommand(false);
  addTermOptions(addEditOptions(lease.command('grant')))
    .description('make a lease, and print the ID and token with which a member takes it')
    .argument('<domain>', 'the name of a domain')
    .option('--email <address>', 'the address of its member')
    .option('--note <text>', 'note this with the lease')
    .option('--order <id>', 'of a shop: the same order again is the same lease')
    .action(lazily(() => import('./commands/lease/grant.ts')));
  lease
    .command('list')
    .description('list the leases of one domain, or of all')
    .argument('[domain]', 'the name of a domain')
    .option('--expired', 'only those that have ended, or whose end date has passed')
    .addOption(new Option('--unbound', 'only those that wait for a key').conflicts('expired'))
    .action(lazily(() => import('./commands/lease/list.ts')));
  lease
    .command('show')
    .description('show everything about a lease except its token')
    .argument('<id>', LEASE_ID)
    .action(lazily(() => import('./commands/lease/show.ts')));
  addTermOptions(addEditOptions(lease.command('extend')))
    .description('set another end date; a lease that has ended comes back')
    .argument('<id>', LEASE_ID)
    .action(lazily(() => import('./commands/lease/extend.ts')));
  addEditOptions(lease.command('release'))
    .description('free a lease for another key, and remove its peer')
    .argument('<id>', LEASE_ID)
    .option('--lost', 'replace its token, too')
    .action(lazily(() => import('./commands/lease/release.ts')));
  addEditOptions(lease.command('rotate'))
    .description('replace the token of a lease')
    .argument('<id>', LEASE_ID)
    .action(lazily(() => import('./commands/lease/rotate.ts')));
  addEditOptions(lease.command('revoke'))
    .description('end a lease at once, and remove its peer')
    .argument('<id>', LEASE_ID)
    .action(lazily(() => import('./commands/lease/revoke.ts')));
  lease
    .command('export')
    .description('print leases, with their secrets, for another gateway')
    .argument('[domain]', 'the name of a domain')
    .action(lazily(() => import('./commands/lease/export.ts')));
  addEditOptions(lease.command('import'))
    .description('add the leases that another gateway printed')
    .argument('<file>', 'what export printed; - for standard input')
    .action(lazily(() => import('./commands/lease/import.ts')));
  addEditOptions(lease.command('backup'))
    .description('write a consistent copy of all leases, for root alone')
    .argument('<file>', 'the file to write')
    .action(lazily(() => import('./commands/lease/backup.ts')));
  addEditOptions(lease.command('restore'))
    .description('put a backup in place of all leases')
    .argument('<file>', 'what backup wrote')
    .option('--yes', 'also if bound leases are lost')
    .action(lazily(() => import('./commands/lease/restore.ts')));
}

const LEASE_ID = 'the ID of a lease';

/** Options of commands that set an end date. */
function addTermOptions(command: Command): Command {
  return command
    .option('--days <number>', 'end this many days later')
    .addOption(new Option('--until <date>', 'end when this day ends, such as 2026-12-31').conflicts('days'));
}
