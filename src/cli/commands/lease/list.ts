import { describeLease } from '../../leases/lease-json.ts';
import { renderLeases } from '../../leases/lease-table-text.ts';
import { beginLeasing, readLeasedDomain } from '../../leases/leasing.ts';
import type { Call } from '../../terminal/call.ts';
import { printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';

interface Options {
  readonly expired?: true;
  readonly unbound?: true;
}

/** `wgkex lease list [DOMAIN]`: the leases of one domain, or of all. */
export async function run({ args: [name], options }: Call<Options>): Promise<boolean> {
  const { config, table, now } = beginLeasing(options);
  const domain = name === undefined ? undefined : readLeasedDomain(name, config, options).name;
  const expiredAt = options.expired && now;
  const leases = await table.list({ domain, expiredAt, isUnbound: options.unbound });
  if (options.json) printJson({ time: now, leases: leases.map((lease) => describeLease(lease, now)) });
  else printLines(renderLeases(leases, now, findTerminal()));
  return true;
}
