import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

/** Compares lines with those of a file; with UPDATE_SNAPSHOTS=1 in the environment it writes them first. */
export function assertSnapshot(file: URL, lines: readonly string[]): void {
  const text = `${lines.join('\n')}\n`;
  if (process.env['UPDATE_SNAPSHOTS'] === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
}
