import { backUpTable } from '../../../system/leases/backup.ts';
import type { EditOptions } from '../../editing/editing.ts';
import { beginLeasing } from '../../leases/leasing.ts';
import type { Call } from '../../terminal/call.ts';
import { printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';

/** `wgkex lease backup FILE`: write a consistent copy of the table. */
export async function run({ args: [file = ''], options }: Call<EditOptions>): Promise<boolean> {
  const { table, dryRun } = beginLeasing(options);
  const { length } = await table.list();
  if (!dryRun) await backUpTable(table.path, file);
  const { paint } = findTerminal();
  const nothing = dryRun ? [paint('notice', 'Nothing was written.')] : [];
  if (options.json) printJson({ file, dry_run: dryRun, leases: length });
  else printLines([`${file}: ${dryRun ? 'would have' : 'has'} ${length} leases`, ...nothing]);
  return true;
}
