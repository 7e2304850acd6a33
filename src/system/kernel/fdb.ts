import type { DomainConfig } from '../../config/config.ts';
import { type ForwardingEntry, parseForwardingEntries } from '../../core/kernel/fdb.ts';
import { parseHostRoutes } from '../../core/kernel/routes.ts';
import type { IpAddress } from '../../core/values/ip-address.ts';
import { run } from '../run/run.ts';

/** The forwarding entries of the domain's VXLAN interface that have a destination and an interface. */
export async function readForwardingEntries({ vxlan }: DomainConfig): Promise<ForwardingEntry[]> {
  return parseForwardingEntries(await run('bridge', ['-json', 'fdb', 'show', 'dev', vxlan]));
}

/** Changes many forwarding entries in one call; the lines are made by `core/commands`. */
export async function changeEntries(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run('bridge', ['-batch', '-'], joinLines(lines));
}

/** Changes many host routes in one call; the lines are made by `core/commands`. */
export async function changeRoutes(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run('ip', ['-6', '-batch', '-'], joinLines(lines));
}

/** The addresses that have a host route through the domain's WireGuard interface. */
export async function readHostRoutes({ wireguard }: DomainConfig): Promise<IpAddress[]> {
  return parseHostRoutes(await run('ip', ['-6', '-json', 'route', 'show', 'dev', wireguard]));
}

function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
