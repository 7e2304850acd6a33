import type { DomainConfig } from '../../config/config.ts';
import { type ForwardingEntry, parseForwardingEntries } from '../../core/kernel/fdb.ts';
import { run } from '../run/run.ts';
import { joinLines } from './batch.ts';

/** The forwarding entries of the domain's VXLAN interface that have a destination and an interface. */
export async function readForwardingEntries({ vxlan }: DomainConfig): Promise<ForwardingEntry[]> {
  return parseForwardingEntries(await run('bridge', ['-json', 'fdb', 'show', 'dev', vxlan]));
}

/** Changes many forwarding entries in one call; the lines are made by `core/kernel/words.ts`. */
export async function changeEntries(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run('bridge', ['-batch', '-'], joinLines(lines));
}
