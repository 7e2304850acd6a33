import { beginLeasing, readLeasedDomain } from '../../leases/leasing.ts';
import type { Call } from '../../terminal/call.ts';
import { printJson } from '../../terminal/print.ts';

/** `wgkex lease export [DOMAIN]`: print leases with their secrets, but without their bindings, for another gateway. */
export async function run({ args: [name], options }: Call): Promise<boolean> {
  const { config, table } = beginLeasing(options);
  const domain = name === undefined ? undefined : readLeasedDomain(name, config, options).name;
  printJson(await table.export({ domain }));
  return true;
}
