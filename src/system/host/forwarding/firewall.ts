import { existsSync } from 'node:fs';
import { type FirewallChain, parseFirewall } from '../../../core/host/forwarding/firewall.ts';
import { ProgramError } from '../../run/program-error.ts';
import { PROGRAMS } from '../../run/programs.ts';
import { run } from '../../run/run.ts';

/** The chains of nftables for forwarded packets; none without nft, or if it cannot read them. */
export async function readFirewall(): Promise<FirewallChain[]> {
  if (!existsSync(PROGRAMS.nft)) return [];
  try {
    return parseFirewall(await run('nft', ['--json', 'list', 'ruleset']));
  } catch (error) {
    if (error instanceof ProgramError) return [];
    throw error;
  }
}
