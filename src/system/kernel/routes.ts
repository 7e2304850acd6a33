import type { DomainConfig } from '../../config/config.ts';
import { parseHostRoutes } from '../../core/kernel/routes.ts';
import type { IpAddress } from '../../core/values/ip-address.ts';
import { run } from '../run/run.ts';
import { joinLines } from './batch.ts';

/** Changes many host routes in one call; the lines are made by `core/kernel/words.ts`. */
export async function changeRoutes(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run('ip', ['-6', '-batch', '-'], joinLines(lines));
}

/** The addresses that have a host route through the domain's WireGuard interface. */
export async function readHostRoutes({ wireguard }: DomainConfig): Promise<IpAddress[]> {
  return parseHostRoutes(await run('ip', ['-6', '-json', 'route', 'show', 'dev', wireguard]));
}
