import { runDaemon } from '../daemon/run.ts';
import type { NamedCall } from './call.ts';

/** `wgkex-join run`: what the service runs. */
export async function run({ name }: NamedCall): Promise<boolean> {
  await runDaemon(name);
  return true;
}
