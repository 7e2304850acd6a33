import assert from 'node:assert/strict';
import test from 'node:test';
import { collectHandshakes, dropStale } from '../../src/core/handshakes.ts';
import { KEYS, NOW, ourPeer } from './arbitraries.ts';

const [FIRST, SECOND, THIRD, FOURTH] = KEYS;
const HOUR = 3600;

test('the last handshakes of peers are collected, the latest first', () => {
  const peers = [ourPeer(FIRST, { lastHandshake: NOW - 60 }), ourPeer(SECOND, { lastHandshake: NOW - 5 })];
  assert.deepEqual(
    [...collectHandshakes(peers, new Map(), HOUR, NOW)],
    [
      [SECOND, NOW - 5],
      [FIRST, NOW - 60],
    ],
  );
});

test('a handshake that the kernel has forgotten is still known, one that it knows counts instead', () => {
  const peers = [ourPeer(FIRST), ourPeer(SECOND, { lastHandshake: NOW - 5 }), ourPeer(THIRD)];
  const remembered = new Map([
    [FIRST, NOW - 60],
    [SECOND, NOW - 600],
  ]);
  assert.deepEqual(
    collectHandshakes(peers, remembered, HOUR, NOW),
    new Map([
      [SECOND, NOW - 5],
      [FIRST, NOW - 60],
    ]),
  );
});

test('who is there no more is not collected', () => {
  assert.deepEqual(collectHandshakes([], new Map([[FIRST, NOW]]), HOUR, NOW), new Map());
});

test('what is longer ago than the limit is dropped, what is in the future counts as just now', () => {
  const handshakes = new Map([
    [FIRST, NOW - HOUR],
    [SECOND, NOW - HOUR - 1],
    [THIRD, NOW + HOUR],
  ]);
  assert.deepEqual([...dropStale(handshakes, HOUR, NOW).keys()], [THIRD, FIRST]);
  const peers = [ourPeer(FIRST), ourPeer(SECOND), ourPeer(FOURTH, { lastHandshake: NOW - HOUR - 1 })];
  assert.deepEqual([...collectHandshakes(peers, handshakes, HOUR, NOW).keys()], [FIRST]);
});
