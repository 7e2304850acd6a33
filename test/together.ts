import { readdir } from 'node:fs/promises';

/**
 * Runs all tests of a folder in this process: for those that share nothing, not even hooks outside of a suite. With a
 * process for each most of the time would go by before the first of its tests.
 */
export async function runTogether(folder: URL): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.test.ts'));
  for (const file of files.sort()) await import(new URL(file, folder).href);
}
