import { run } from '../run/run.ts';

/** Runs lines of ip(8), in order, up to the first that fails. `options` are for all of them. */
export async function runBatch(lines: readonly string[], ...options: readonly string[]): Promise<void> {
  if (lines.length > 0) await run('ip', [...options, '-batch', '-'], lines.map((line) => `${line}\n`).join(''));
}
