import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isForPeer, isInitiation, isMessage } from '../../../src/core/relay/wireguard-message.ts';

const CASES: readonly [what: string, head: readonly number[], length: number, isOne: boolean][] = [
  ['an initiation', [1, 0, 0, 0], 148, true],
  ['a response', [2, 0, 0, 0], 92, true],
  ['a cookie', [3, 0, 0, 0], 64, true],
  ['a keepalive', [4, 0, 0, 0], 32, true],
  ['a packet of any length', [4, 0, 0, 0], 1421, true],
  ['the longest packet', [4, 0, 0, 0], 65_535, true],
  ['nothing', [], 0, false],
  ['an initiation that is a byte short', [1, 0, 0, 0], 147, false],
  ['an initiation that is a byte long', [1, 0, 0, 0], 149, false],
  ['a response with the length of an initiation', [2, 0, 0, 0], 148, false],
  ['a cookie that is a byte short', [3, 0, 0, 0], 63, false],
  ['a packet without room for its tag', [4, 0, 0, 0], 31, false],
  ['type 0', [0, 0, 0, 0], 148, false],
  ['type 5', [5, 0, 0, 0], 148, false],
  ['a first reserved byte', [4, 1, 0, 0], 32, false],
  ['a second reserved byte', [4, 0, 1, 0], 32, false],
  ['a third reserved byte', [4, 0, 0, 1], 32, false],
  ['DNS', [0x12, 0x34, 1, 0], 40, false],
];

describe('a datagram', () => {
  for (const [what, head, length, isOne] of CASES)
    test(`${isOne ? 'can be' : 'cannot be'} WireGuard's: ${what}`, () => {
      const datagram = Buffer.alloc(length);
      datagram.set(head);
      assert.equal(isMessage(datagram), isOne);
    });
});

test('only type 1 is an initiation', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((type) => isInitiation(Buffer.of(type, 0, 0, 0))),
    [true, false, false, false],
  );
});

test('all messages but a cookie are for a peer, and nothing else is', () => {
  for (const [what, head, length, isOne] of CASES) {
    const datagram = Buffer.alloc(length);
    datagram.set(head);
    assert.equal(isForPeer(datagram), isOne && what !== 'a cookie', what);
  }
});

test('random bytes have the form of a message only if they begin like one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      if (isMessage(bytes)) assert.match(Buffer.from(bytes.slice(0, 4)).toString('hex'), /^0[1-4]000000$/);
    }),
  );
});
