import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeNoConnection, explainConnection } from '../../../src/core/client/connection-words.ts';

const CASES: [code: string, words: string][] = [
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['ETIMEDOUT', 'no answer'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'no network'],
  ['EACCES', 'blocked by a local firewall'],
  ['EAI_AGAIN', 'no name server'],
  ['ENOTFOUND', 'no such name'],
];
for (const [code, words] of CASES)
  test(`${code} is in words: ${words}`, () => {
    const error = Object.assign(new Error(`connect ${code} 192.0.2.1:10012`), { code });
    const reason = explainConnection(error);
    assert.equal(
      describeNoConnection({ host: '192.0.2.1', port: 10_012 }, reason),
      `no TCP connection to 192.0.2.1:10012: ${words}`,
    );
  });

test('what the table does not have is as Node says it', () => {
  assert.equal(explainConnection(Object.assign(new Error('socket hang up'), { code: 'EODD' })), 'socket hang up');
});
