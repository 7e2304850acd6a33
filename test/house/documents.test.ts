import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { REPLIES } from '../../src/core/exchange/replies.ts';
import { EVENTS, FLEET_EVENTS, JOIN_EVENTS, LEASE_EVENTS, MAIL_EVENTS, RELAY_EVENTS } from '../../src/log/events.ts';

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
  const all = [...(await readdir(ROOT)), ...inDocs, 'examples/ansible/README.md', 'examples/two-nodes/README.md'];
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

/** With UPDATE_SNAPSHOTS=1 in the environment the tables are written first; then `npm run format` aligns them. */
describe('the table', () => {
  const EVENT_HEAD = ['event', 'priority', 'fields', 'what it means'];

  test('of events in docs/events.md is made from the catalogue', async () => {
    const elsewhere = { ...FLEET_EVENTS, ...LEASE_EVENTS, ...MAIL_EVENTS, ...RELAY_EVENTS, ...JOIN_EVENTS };
    const others = Object.entries(EVENTS).filter(([event]) => !Object.hasOwn(elsewhere, event));
    await checkTable('docs/events.md', [EVENT_HEAD, ...listEvents(others)]);
  });

  test('of events in docs/fleet.md is made from the catalogue', async () => {
    await checkTable('docs/fleet.md', [EVENT_HEAD, ...listEvents(Object.entries(FLEET_EVENTS))]);
  });

  test('of events in docs/members.md is made from the catalogue', async () => {
    await checkTable('docs/members.md', [EVENT_HEAD, ...listEvents(Object.entries(LEASE_EVENTS))]);
  });

  test('of events in docs/relay.md is made from the catalogue', async () => {
    await checkTable('docs/relay.md', [EVENT_HEAD, ...listEvents(Object.entries(RELAY_EVENTS))]);
  });

  test('of events in docs/join.md is made from the catalogue', async () => {
    await checkTable('docs/join.md', [EVENT_HEAD, ...listEvents(Object.entries(JOIN_EVENTS))]);
  });

  test('of events in docs/mail.md is made from the catalogue', async () => {
    await checkTable('docs/mail.md', [EVENT_HEAD, ...listEvents(Object.entries(MAIL_EVENTS))]);
  });

  test('of replies in docs/firmware.md is made from the definitions', async () => {
    const rows = Object.entries(REPLIES).map(([code, { meaning, router }]) => [`\`${code}\``, meaning, router]);
    await checkTable('docs/firmware.md', [['reply', 'meaning', 'what a router does'], ...rows]);
  });
});

test('wgkex-listen(8) lists the replies with their meanings', async () => {
  const [page = ''] =
    (await readFile(join(ROOT, 'man/wgkex-listen.8'), 'utf8')).match(/^\.SS Replies$[\s\S]*?^\.SS /m) ?? [];
  const listed = [...page.matchAll(/^\.TP\n\.B (?:\\%)?([A-Z_]+)\n(.*)\.$/gm)].map(([, code, text]) => [code, text]);
  const expected = Object.entries(REPLIES).filter(([code]) => code !== 'OK');
  assert.deepEqual(
    listed,
    expected.map(([code, { meaning }]) => [code, `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}`]),
  );
});

/** Compares the document's table that begins with the same cell. */
async function checkTable(document: string, rows: readonly string[][]): Promise<void> {
  const path = join(ROOT, document);
  const [head = [], ...body] = rows;
  const wanted = [head, head.map(() => '-'), ...body];
  const pattern = new RegExp(`^\\| ${head[0]} +\\|.*(\\n\\|.*)*`, 'm');
  if (process.env['UPDATE_SNAPSHOTS'] === '1') {
    const table = wanted.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
    await writeFile(
      path,
      (await readFile(path, 'utf8')).replace(pattern, () => table),
    );
  }
  const [table = ''] = (await readFile(path, 'utf8')).match(pattern) ?? [];
  const found = table.split('\n').map((line) => line.replace(/-+/g, (dashes) => (dashes.length > 2 ? '-' : dashes)));
  assert.deepEqual(found.map(readCells), wanted);
}

/** The document explains these for all lines. */
const COMMON: readonly string[] = ['domain', 'address', 'key', 'lease', 'reason'];
const PRIORITIES = { debug: 'debug', info: 'info', warn: 'warning', error: 'error' };

function listEvents(events: readonly (readonly [string, (typeof EVENTS)[keyof typeof EVENTS]])[]): string[][] {
  return events.map(([event, { priority, fields, meaning }]) => {
    const own = fields.filter((field) => !COMMON.includes(field));
    const names = own.map((field) => `\`${field}\``).join(' ');
    return [`\`${event}\``, PRIORITIES[priority], names, meaning];
  });
}

function readCells(line: string): string[] {
  const cells = line.split('|').slice(1, -1);
  return cells.map((cell) => cell.trim());
}
