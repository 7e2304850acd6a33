import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { isPublicKey } from '../../src/core/public-key.ts';
import { readDisallowedKeys } from '../../src/system/disallowed-keys.ts';
import { KEYS, publicKeys, texts } from '../core/arbitraries.ts';

const directory = mkdtempSync(join(tmpdir(), 'wgkex-disallowed-'));
after(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'disallowed_keys');

test('no file is an empty list', () => {
  assert.deepEqual(readDisallowedKeys(join(directory, 'nowhere')), { keys: new Set(), complaints: [] });
});

test('a file that cannot be read is no empty list', () => {
  assert.throws(() => readDisallowedKeys(directory), { code: 'EISDIR' });
});

test('keys are read with comments, blanks, empty lines and line ends of either kind', () => {
  writeFileSync(file, `# stolen\n\n${KEYS[0]}\r\n  ${KEYS[1]} # this one, too\n\t${KEYS[2]}`);
  assert.deepEqual(readDisallowedKeys(file), { keys: new Set(KEYS.slice(0, 3)), complaints: [] });
});

test('a line that is no key is named, and spoils no other', () => {
  writeFileSync(file, `${KEYS[0]}\n${KEYS[1]} ${KEYS[2]}\nkey\x1b[31m\n${KEYS[3]}\n`);
  const { keys, complaints } = readDisallowedKeys(file);
  assert.deepEqual(keys, new Set([KEYS[0], KEYS[3]]));
  assert.equal(complaints.length, 2);
  assert.match(complaints[0] ?? '', /: line 2: expected a public key, found "/);
  assert.equal(complaints[1], `${file}: line 3: expected a public key, found "key\\u001b[31m"`);
});

test('whatever is in the file, every key that stands on a line of its own is read', () => {
  const lines = fc.array(fc.oneof(publicKeys, texts), { maxLength: 8 });
  fc.assert(
    fc.property(lines, (some) => {
      writeFileSync(file, some.join('\n'));
      const { keys, complaints } = readDisallowedKeys(file);
      for (const line of some.filter(isPublicKey)) assert.ok(keys.has(line));
      assert.ok([...keys].every(isPublicKey));
      for (const complaint of complaints) assert.match(complaint, /^[ -~…]+$/);
    }),
  );
});
