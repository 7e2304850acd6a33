import type { MeshConfig } from '../../config/config.ts';
import { type ForwardingEntry, type KnownMac, parseForwardingEntries, parseKnownMacs } from '../../core/kernel/fdb.ts';
import type { IpAddress } from '../../core/values/ip-address.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { run } from '../run/run.ts';
import { joinLines } from './batch.ts';

/** The forwarding entries of the domain's VXLAN interface that have a destination and an interface. */
export async function readForwardingEntries(
  { vxlan }: MeshConfig,
  parse = parseForwardingEntries,
): Promise<readonly ForwardingEntry[]> {
  return parse(await show(vxlan));
}

/** The MAC addresses that a VXLAN interface knows at each destination. */
export async function readKnownMacs(vxlan: InterfaceName): Promise<Map<IpAddress, KnownMac[]>> {
  return parseKnownMacs(await show(vxlan));
}

function show(vxlan: InterfaceName): Promise<string> {
  return run('bridge', ['-json', 'fdb', 'show', 'dev', vxlan]);
}

/** Changes many forwarding entries in one call; the lines are made by `core/kernel/words.ts`. */
export async function changeEntries(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run('bridge', ['-batch', '-'], joinLines(lines));
}
