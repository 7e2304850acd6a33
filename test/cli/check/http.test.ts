import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeName } from '../../../src/cli/check/machine/http.ts';

describe('the name that routers dial', () => {
  test('is sound with an A and an AAAA record', () => {
    assert.deepEqual(judgeName('gw1.example.org', { A: 'there', AAAA: 'there' }), []);
  });

  for (const [what, records, words] of [
    ['only an AAAA record', { A: 'missing', AAAA: 'there' }, 'has no A record'],
    ['only an A record', { A: 'there', AAAA: 'missing' }, 'has no AAAA record'],
    ['neither', { A: 'missing', AAAA: 'missing' }, 'has no A and no AAAA record'],
    ['a silent name server', { A: 'unknown', AAAA: 'there' }, 'no name server says'],
  ] as const)
    test(`is reported with ${what}`, () => {
      const [finding] = judgeName('gw1.example.org', records);
      assert.ok(finding?.problem.includes(words), finding?.problem);
    });
});
