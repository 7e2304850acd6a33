import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { parseConfig } from '../../../src/config/config.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DOCUMENT = readFileSync(join(ROOT, 'docs/migrate-ffmuc.md'), 'utf8');

test('docs/migrate-ffmuc.md has the TOML that belongs to its YAML', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'wgkex-document-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'wgkex.yaml');
  writeFileSync(file, findBlock('yaml'));
  const [, host = ''] = DOCUMENT.match(/This YAML, on `([^`]+)`/) ?? [];
  const words = ['dist/wgkex', 'import-ffmuc', '--host', host, file];
  const { stdout } = await execa(process.execPath, words, { cwd: ROOT, stripFinalNewline: false });
  assert.equal(findBlock('toml'), stdout);
  assert.ok(parseConfig(stdout, 'wgkex.toml').mqtt !== undefined);
});

function findBlock(language: string): string {
  const [, text] = DOCUMENT.match(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms')) ?? [];
  assert.ok(text !== undefined, language);
  return text;
}
