import {
  COMMON_HELP,
  EXIT_FAILURE,
  exitWithUsageError,
  orExitWithConfigError,
  readCommandLine,
} from '../command-line.ts';
import { type Config, type DomainConfig, parseConfig } from '../config/config.ts';
import { describeError } from '../core/values/errors.ts';
import { quote } from '../core/values/quote.ts';
import { Log } from '../log/log.ts';
import { ROOT_UMASK, readTrustedFile } from '../system/files/trust.ts';
import type { Pass } from './pass/pass.ts';
import { PassLog } from './pass/pass-log.ts';
import { repairDomain, sweepDomain } from './sweep.ts';

const PROGRAM = 'wgkex-cleanup';
const HELP = `Usage: ${PROGRAM} [--config PATH] [--repair] [--dry-run] DOMAIN
       ${PROGRAM} [--config PATH] [--repair] [--dry-run] --all

Removes the keys of a domain that were stale in two passes, and makes the forwarding entries match the keys.
A systemd timer runs it every 15 minutes.

  --all          all domains of the configuration, one after the other
  --repair       only make the forwarding entries match the keys; remove no key
  --dry-run      say what would be done, and do nothing
${COMMON_HELP}`;
const OPTIONS = { all: { type: 'boolean' }, repair: { type: 'boolean' }, 'dry-run': { type: 'boolean' } } as const;

async function main(): Promise<void> {
  process.umask(ROOT_UMASK);
  const commandLine = readCommandLine({ program: PROGRAM, help: HELP, options: OPTIONS, allowPositionals: true });
  const { config: path, values, positionals } = commandLine;
  if (positionals.length !== (values['all'] === true ? 0 : 1))
    exitWithUsageError(PROGRAM, 'expected one domain, or --all');
  if (process.getuid?.() !== 0) exitWithUsageError(PROGRAM, 'it must be run as root');
  const config = orExitWithConfigError(PROGRAM, () => parseConfig(readTrustedFile(path), path));
  const dryRun = values['dry-run'] === true;
  // A dry run is useless without its lines, whatever the log level of the service is.
  const log = new Log(dryRun ? { ...config.log, level: 'info' } : config.log);
  const isRepair = values['repair'] === true;
  for (const domain of findDomains(config, positionals[0], path)) {
    const isClean = await attempt(await findWork(domain, isRepair), {
      domain,
      config,
      log: new PassLog(log, domain.name, dryRun),
      dryRun,
    });
    if (!isClean) process.exitCode = EXIT_FAILURE;
  }
}

/** Without a domain that has leases nothing of them is loaded. */
async function findWork({ leased }: DomainConfig, isRepair: boolean): Promise<(pass: Pass) => Promise<number>> {
  if (leased === undefined) return isRepair ? repairDomain : sweepDomain;
  const { repairMembers, sweepMembers } = await import('./leases/sweep.ts');
  return isRepair ? repairMembers : sweepMembers;
}

function findDomains(config: Config, name: string | undefined, path: string): DomainConfig[] {
  if (name === undefined) return [...config.domains.values()];
  const domain = config.domains.get(name);
  return domain === undefined ? exitWithUsageError(PROGRAM, `domain ${quote(name)} is not in ${path}`) : [domain];
}

/** A domain that fails does not keep the others from their pass. */
async function attempt(work: (pass: Pass) => Promise<number>, pass: Pass): Promise<boolean> {
  try {
    return (await work(pass)) === 0;
  } catch (error) {
    pass.log.report('cleanup failed', { domain: pass.domain.name, reason: describeError(error) });
    return false;
  }
}

void main();
