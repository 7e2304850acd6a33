import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EVENTS } from '../../src/log/events.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('each file of the tree that a design document names exists', async () => {
  const texts = await Promise.all((await findDocuments('docs/')).map((path) => readFile(join(ROOT, path), 'utf8')));
  const named = [...texts.join('\n').matchAll(/`((?:[\w-]+\/)+[\w.-]+\.(?:ts|mjs|txt|toml))`/g)].map(
    ([, path = '']) => path,
  );
  assert.ok(named.length > 50, `${named.length}`);
  const missing = named.filter((path) => !['', 'src', 'src/cli'].some((base) => existsSync(join(ROOT, base, path))));
  assert.deepEqual(missing, []);
});

test('each link between the documents leads to a file, and to a heading in it', async () => {
  const broken: string[] = [];
  for (const document of await findDocuments('')) {
    const text = await readFile(join(ROOT, document), 'utf8');
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? join(ROOT, document) : join(ROOT, dirname(document), path);
      const isThere = existsSync(target) && (heading === undefined || (await listAnchors(target)).includes(heading));
      if (!isThere) broken.push(`${document}: ${link}`);
    }
  }
  assert.deepEqual(broken, []);
});

for (const [least, most, documents] of [
  [1, 6000, ['README.md']],
  [20, 12_288, undefined],
] as const) {
  test(`${documents ?? 'every document, except notes and the changelog,'} has at most ${most} bytes`, async () => {
    const meant = documents ?? (await findDocuments('')).filter((path) => !/^(docs\/notes\/|CHANGELOG)/.test(path));
    assert.ok(meant.length >= least);
    assert.deepEqual(
      meant.filter((path) => statSync(join(ROOT, path)).size > most),
      [],
    );
  });
}

/** All documents whose path from the top of the tree begins with `prefix`. */
async function findDocuments(prefix: string): Promise<string[]> {
  const inDocs = (await readdir(join(ROOT, 'docs'), { recursive: true })).map((path) => `docs/${path}`);
  const all = [...(await readdir(ROOT)), ...inDocs];
  return all.filter((path) => path.endsWith('.md') && path.startsWith(prefix));
}

/** The anchors that forges derive from headings. */
async function listAnchors(path: string): Promise<string[]> {
  const headings = (await readFile(path, 'utf8')).match(/^#+ .*$/gm) ?? [];
  return headings.map((line) =>
    line
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** With UPDATE_SNAPSHOTS=1 in the environment the table is written first; then `npm run format` aligns it. */
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
/** The document explains these for all lines. */
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
