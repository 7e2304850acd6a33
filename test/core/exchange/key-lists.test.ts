import assert from 'node:assert/strict';
import test from 'node:test';
import { isAllowed } from '../../../src/core/exchange/key-lists.ts';
import { KEYS } from '../arbitraries.ts';

const [KEY, OTHER] = KEYS;

test('a key may be a peer if the domain accepts every key or has it in its list', () => {
  assert.ok(isAllowed(KEY, { allowed: undefined }));
  assert.ok(isAllowed(KEY, { allowed: new Set([KEY]) }));
  assert.ok(!isAllowed(KEY, { allowed: new Set([OTHER]) }));
  assert.ok(!isAllowed(KEY, { allowed: new Set() }), 'a list without keys allows no key');
});
