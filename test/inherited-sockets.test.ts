import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listInheritedSockets } from '../src/inherited-sockets.ts';

describe('the sockets that systemd passed', () => {
  test('have the descriptors from 3 on, and the names of their units', () => {
    const environment = { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'one.socket:two.socket' };
    assert.deepEqual(listInheritedSockets(environment, 7), [
      { fd: 3, unit: 'one.socket' },
      { fd: 4, unit: 'two.socket' },
    ]);
  });

  test('may have no names', () => {
    assert.deepEqual(listInheritedSockets({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7), [{ fd: 3, unit: '' }]);
  });

  for (const [what, environment] of [
    ['there are none', {}],
    ['they are for another process', { LISTEN_PID: '8', LISTEN_FDS: '1' }],
    ['their number is not one', { LISTEN_PID: '7', LISTEN_FDS: '-1' }],
  ] as const)
    test(`are ignored where ${what}`, () => assert.deepEqual(listInheritedSockets(environment, 7), []));
});
