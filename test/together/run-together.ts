import { readdir } from 'node:fs/promises';
import { describe } from 'node:test';

const TEST = new URL('../', import.meta.url);

/** The files of tests, relative to `test/`, that `isWanted` names. */
async function findTests(isWanted: (file: string) => boolean): Promise<readonly string[]> {
  const files = await readdir(TEST, { recursive: true });
  return files.filter((file) => file.endsWith('.test.ts') && isWanted(file)).sort();
}

/**
 * Runs the tests of some files in this process, one file after the other. With one process per file, most of the time
 * would pass before its first test.
 */
export async function runTogether(isWanted: (file: string) => boolean): Promise<void> {
  for (const file of await findTests(isWanted)) {
    // The suite limits each file's `beforeEach` to its own tests.
    describe(file, async () => {
      await import(new URL(file, TEST).href);
    });
  }
}
