import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CONNECTION_WORDS } from '../../src/core/client/connection-words.ts';
import { formatInstance } from '../../src/core/client/instance-file.ts';
import { buildProgram } from '../../src/join/program.ts';
import { STANDINGS } from './standings.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GUIDE = readFileSync(join(ROOT, 'docs/join.md'), 'utf8');
const program = buildProgram();

test("wgkex-join(8) has every setting of root's file", () => {
  const { instance } = STANDINGS.up;
  assert.ok(instance);
  const settings = [...formatInstance(instance).matchAll(/^\w+ = /gm)];
  assert.equal(settings.length, 6);
  for (const [setting] of settings) assert.ok(readManual('wgkex-join.8').includes(setting), setting);
});

test('wgkex-tunnel(8) has the options of its help, and no others', () => {
  const [, help = ''] = readFileSync(join(ROOT, 'src/tunnel/main.ts'), 'utf8').match(/HELP = `(.*?)`/s) ?? [];
  assert.deepEqual(listOptions(readManual('wgkex-tunnel.8')), listOptions(help));
});

describe('docs/join.md', () => {
  const lines = [...GUIDE.matchAll(/(?:^|`)(?:sudo )?wgkex-join ([^#`\n]+)/gm)].map(([, words = '']) => words.trim());

  test('has command lines', () => assert.ok(lines.length > 15, `${lines.length}`));

  for (const line of new Set(lines))
    test(`has a command line that the program takes: wgkex-join ${line}`, async () => {
      await buildInert().parseAsync(line.split(/ +/), { from: 'user' });
    });

  test('names every option of wgkex-join NAME', () => {
    for (const { long } of program.options)
      if (long !== '--version') assert.ok(NOT_FOR_MEMBERS.includes(`${long}`) || GUIDE.includes(`${long}`), long ?? '');
  });

  test('quotes what a program says', async () => {
    const sources = await readSources(['src/join', 'src/tunnel', 'src/core/client', 'src/system/client']);
    const quoted = [...GUIDE.matchAll(/^\| (`[^|]*`) +\|/gm)].flatMap(([, cell = '']) => [
      ...cell.matchAll(/`([^`]+)`/g),
    ]);
    const said = quoted.map(([, text = '']) => text).filter((text) => !text.startsWith('--'));
    assert.ok(said.length > 20, `${said.length}`);
    for (const text of said) assert.ok(sources.includes(text.replace(/ ?…$/, '')), text);
  });
});

test('docs/join.md explains each reason for which there is no connection', () => {
  for (const words of Object.values(CONNECTION_WORDS))
    assert.match(GUIDE, new RegExp(`^\\|[^|]*\`${words}\`[^|]*\\|`, 'm'), words);
});

/** Its man page explains them. */
const NOT_FOR_MEMBERS = ['--sample', '--no-start'];

function readManual(page: string): string {
  return readFileSync(join(ROOT, 'man', page), 'utf8')
    .replaceAll('\\-', '-')
    .replaceAll('\\(dq', '"');
}

function listOptions(text: string): string[] {
  return [...new Set([...text.matchAll(/--[a-z]+/g)].map(([option]) => option))].sort();
}

/** The program, whose commands do nothing. */
function buildInert(): Command {
  const inert = buildProgram();
  for (const command of [inert, ...inert.commands]) command.action(() => {});
  return inert;
}

async function readSources(folders: readonly string[]): Promise<string> {
  const paths = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(ROOT, folder), { recursive: true })).map((path) => join(ROOT, folder, path)),
    ),
  );
  return paths
    .flat()
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}
