import { printLines } from '../../cli/terminal/print.ts';
import { type NamedCall, requireRoot } from './call.ts';
import { requireTunnel } from './existing.ts';
import { removeTunnel } from './setup/write.ts';

/** `wgkex-join leave`: nothing of a tunnel stays on this machine. */
export async function run({ name }: NamedCall): Promise<boolean> {
  requireRoot();
  requireTunnel(name);
  await removeTunnel(name);
  printLines([
    `${name} is gone from this machine, with its key, credentials and settings.`,
    'The lease lasts until its end date; to use it with another key, ask the operator to release it.',
  ]);
  return true;
}
