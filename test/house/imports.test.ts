import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { assertSnapshot } from '../snapshot.ts';
import { IMPORT_RULES, type ImportRule } from './import-rules.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = join(ROOT, 'src');

/** A folder with more files should be split. */
const MOST_FILES = 14;

const files = await findFiles(SOURCE);
const imports = (await Promise.all(files.map(readImports))).flat();

describe('the import rules', () => {
  test('permit each import of src', () => {
    assert.ok(imports.length > 500, `${imports.length}`);
    assert.deepEqual(imports.filter(isForbidden).map(explain), []);
  });

  test('have no row that permits an unused import', () => {
    for (const rule of IMPORT_RULES) {
      const imported = imports.filter(({ importer }) => findRule(importer) === rule).map(({ imported }) => imported);
      const unused = [
        ...rule.from.filter((path) => !imported.some((each) => each === path || findRule(each).who === path)),
        ...rule.modules.filter((name) => !imported.includes(name)),
      ];
      assert.deepEqual(unused, [], `of ${rule.who}`);
    }
  });
});

test('the import rules have no cycle', () => {
  const isAbove = (rule: ImportRule, seen: readonly ImportRule[]): boolean =>
    seen.includes(rule) || findRules(rule.from).some((next) => isAbove(next, [...seen, rule]));
  assert.deepEqual(
    IMPORT_RULES.filter((rule) => isAbove(rule, [])).map(({ who }) => who),
    [],
  );
});

test('an operator’s command never imports another one', () => {
  const find = (file: string) => file.match(/^cli\/commands\/([^/]+)\//)?.[1];
  const between = imports.filter(({ importer, imported }) => find(importer) && find(imported));
  assert.ok(between.length > 5, `${between.length}`);
  assert.deepEqual(between.filter(({ importer, imported }) => find(importer) !== find(imported)).map(explain), []);
});

test('no folder of src has more than 14 files', () => {
  const sizes = new Map<string, number>();
  for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  assert.deepEqual(
    [...sizes].filter(([, size]) => size > MOST_FILES),
    [],
  );
});

describe('the handler', () => {
  test('runs as root with the listed modules and nothing else', async () => {
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: ['src/handler/main.ts'],
      bundle: true,
      platform: 'node',
      metafile: true,
      write: false,
    });
    assertSnapshot(new URL('handler-modules.txt', import.meta.url), summarize(Object.keys(metafile.inputs)));
  });
});

interface Import {
  readonly importer: string;
  /** A path in src or the name of a module. */
  readonly imported: string;
}

async function findFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? findFiles(path) : [relative(SOURCE, path)];
  });
  return (await Promise.all(found)).flat().sort();
}

/** Includes imports of types, which no bundle has. */
async function readImports(importer: string): Promise<Import[]> {
  const text = await readFile(join(SOURCE, importer), 'utf8');
  const specifiers = [...text.matchAll(/^(?:import|export|\}) .*?\bfrom '([^']+)'|\bimport\('([^']+)'\)/gm)];
  return specifiers.map(([, whole, called]) => {
    const specifier = whole ?? called ?? '';
    return {
      importer,
      imported: specifier.startsWith('.') ? normalize(join(dirname(importer), specifier)) : specifier,
    };
  });
}

function isForbidden({ importer, imported }: Import): boolean {
  const rule = findRule(importer);
  if (!files.includes(imported)) return !rule.modules.includes(imported);
  const target = findRule(imported);
  return target !== rule && !rule.from.some((path) => path === imported || path === target.who);
}

function findRule(file: string): ImportRule {
  const rules = IMPORT_RULES.filter(({ who }) => isWithin(file, who));
  return rules.reduce((longest, rule) => (rule.who.length > longest.who.length ? rule : longest));
}

/** The rows of the folders that a row imports from, without single files. */
function findRules(from: readonly string[]): ImportRule[] {
  return IMPORT_RULES.filter(({ who }) => from.includes(who));
}

function isWithin(file: string, path: string): boolean {
  return path === '' || file === path || file.startsWith(`${path}/`);
}

function explain({ importer, imported }: Import): string {
  return `${importer} imports ${imported}: ${findRule(importer).why}`;
}

/** Our own files, and the names of the packages. */
function summarize(inputs: readonly string[]): string[] {
  return [
    ...new Set(inputs.map((input) => input.replace(/^node_modules\/((@[^/]+\/)?[^/]+)\/.*/, 'package $1'))),
  ].sort();
}
