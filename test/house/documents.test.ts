import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EVENTS } from '../../src/log/events.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('each file that ARCHITECTURE.md names is there', async () => {
  const text = await readFile(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const named = [...text.matchAll(/`((?:[\w-]+\/)+[\w.-]+\.(?:ts|mjs|txt|toml))`/g)].map(([, path = '']) => path);
  assert.ok(named.length > 50, `${named.length}`);
  const missing = named.filter((path) => !['', 'src', 'src/cli'].some((base) => existsSync(join(ROOT, base, path))));
  assert.deepEqual(missing, []);
});

/** With UPDATE_SNAPSHOTS=1 in the environment the table is written first; `npm run format` gives it its form. */
test('the table of events in docs/events.md is made from the catalogue', async () => {
  const path = join(ROOT, 'docs/events.md');
  const rows = [['event', 'priority', 'fields', 'what it means'], ['-', '-', '-', '-'], ...listEvents()];
  if (process.env['UPDATE_SNAPSHOTS'] === '1') {
    const table = rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
    await writeFile(
      path,
      (await readFile(path, 'utf8')).replace(TABLE, () => table),
    );
  }
  const [table = ''] = (await readFile(path, 'utf8')).match(TABLE) ?? [];
  const found = table.split('\n').map((line) => line.replace(/-+/g, (dashes) => (dashes.length > 2 ? '-' : dashes)));
  assert.deepEqual(found.map(readCells), rows);
});

const TABLE = /^\| event +\|.*(\n\|.*)*/m;
/** Said of all lines in the document. */
const COMMON: readonly string[] = ['domain', 'address', 'key', 'reason'];
const PRIORITIES = { debug: 'debug', info: 'info', warn: 'warning', error: 'error' };

function listEvents(): string[][] {
  return Object.entries(EVENTS).map(([event, { priority, fields, meaning }]) => {
    const own = fields.filter((field) => !COMMON.includes(field));
    const names = own.map((field) => `\`${field}\``).join(' ');
    return [`\`${event}\``, PRIORITIES[priority], names, meaning];
  });
}

function readCells(line: string): string[] {
  const cells = line.split('|').slice(1, -1);
  return cells.map((cell) => cell.trim());
}
