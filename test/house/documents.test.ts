import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('each file that ARCHITECTURE.md names is there', async () => {
  const text = await readFile(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const named = [...text.matchAll(/`((?:[\w-]+\/)+[\w.-]+\.(?:ts|mjs|txt|toml))`/g)].map(([, path = '']) => path);
  assert.ok(named.length > 50, `${named.length}`);
  const missing = named.filter((path) => !['', 'src', 'src/cli'].some((base) => existsSync(join(ROOT, base, path))));
  assert.deepEqual(missing, []);
});
