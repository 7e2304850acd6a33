import type { Config } from '../../config/config.ts';
import type { RouterNames } from '../../core/operator/router-names.ts';
import { readRouterNames } from '../../system/host/router-names.ts';

/** The names of routers, and a line for each fault of their file. Without root no key is shown that could have one. */
export function readNames({ router_names: path }: Pick<Config, 'router_names'>): {
  readonly names: RouterNames;
  readonly complaints: readonly string[];
} {
  return process.getuid?.() === 0 ? readRouterNames(path) : { names: new Map(), complaints: [] };
}

/** The first fault, for commands that are about something else. */
export function summariseComplaints([first, ...others]: readonly string[]): string[] {
  if (first === undefined) return [];
  return [others.length === 0 ? first : `${first} (and ${others.length} more, see wgkex status)`];
}
