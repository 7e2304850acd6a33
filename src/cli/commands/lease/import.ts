import { readFileSync } from 'node:fs';
import type { LeaseId } from '../../../core/leases/lease.ts';
import { describeSystemError } from '../../../core/values/errors.ts';
import { makeTrustedDirectory } from '../../../system/files/trust.ts';
import { type ExportedLease, parseExportedLeases } from '../../../system/leases/row.ts';
import type { EditOptions } from '../../editing/editing.ts';
import { beginLeasing, findLeasedDomains, type Leasing } from '../../leases/leasing.ts';
import { withLocks } from '../../leases/locks.ts';
import type { Call } from '../../terminal/call.ts';
import { printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { fold } from '../../terminal/words.ts';

const STDIN = 0;

/** `wgkex lease import FILE`: add the leases of another gateway, which wait for a key here. */
export async function run({ args: [path = ''], options }: Call<EditOptions>): Promise<boolean> {
  const leasing = beginLeasing(options);
  const { config, log, dryRun } = leasing;
  const leases = parseExportedLeases(readText(path), path === '-' ? 'standard input' : path);
  requireDomains(leases, leasing, options.config);
  if (!dryRun) makeTrustedDirectory(config.state_directory);
  const domains = leases.map(({ domain }) => domain);
  const news = new Set(await withLocks(domains, leasing, () => add(leases, leasing)));
  const imported = leases.filter(({ id }) => news.has(id));
  for (const { id, domain } of imported) log.report('lease granted', { domain, lease: id, by: 'operator' });
  if (!dryRun) await log.write();
  const known = leases.length - imported.length;
  if (options.json) printJson({ dry_run: dryRun, imported: imported.map(({ id }) => id), known });
  else printLines(render(imported.length, known, dryRun));
  return true;
}

/** @throws Error with one line if the file cannot be read. */
function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? STDIN : path, 'utf8');
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/** @throws Error for a lease that nobody could take here. */
function requireDomains(leases: readonly ExportedLease[], { config }: Leasing, path: string): void {
  const served = new Set(findLeasedDomains(config).map(({ name }) => name));
  const lost = leases.find(({ domain }) => !served.has(domain));
  if (lost !== undefined)
    throw new Error(`Cannot import lease ${lost.id}: ${path} has no domain ${lost.domain} with a pool`);
}

async function add(leases: readonly ExportedLease[], { table, dryRun }: Leasing): Promise<readonly LeaseId[]> {
  if (!dryRun) return table.import(leases);
  const present = await table.list();
  const ids = new Set(present.map(({ id }) => id));
  const orders = new Set(present.map(({ orderId }) => orderId));
  const isNew = ({ id, order_id }: ExportedLease) => !ids.has(id) && (order_id === null || !orders.has(order_id));
  return leases.filter(isNew).map(({ id }) => id);
}

function render(imported: number, known: number, dryRun: boolean): string[] {
  const { width, paint } = findTerminal();
  const done = `${dryRun ? 'Would import' : 'Imported'} ${imported} leases; ${known} were here already, and stay as they are.`;
  const note = 'Each gateway binds a lease by itself: a member gets an address of this one when it registers here.';
  const lines = [done, note].flatMap((text) => fold(text, width, ''));
  return dryRun ? [...lines, paint('notice', 'Nothing was changed.')] : lines;
}
