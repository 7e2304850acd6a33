import assert from 'node:assert/strict';
import test from 'node:test';
import {
  collectAlive,
  findLastHandshake,
  hadHandshakeWithin,
  noteHandshake,
  remember,
  settleHandshake,
} from '../../../src/core/peers/handshakes.ts';
import { UNRECORDED } from '../../../src/core/peers/record.ts';
import type { Source } from '../../../src/core/values/ip-address.ts';
import { LONG_AGO } from '../../../src/core/values/time.ts';
import { KEYS, MOMENT, NOW } from '../arbitraries.ts';

const [FIRST, SECOND, THIRD, FOURTH] = KEYS;
const heard = (at: number, secondsSinceRead = 0) => ({ at, readAt: MOMENT.monotonic - secondsSinceRead });

for (const [name, last, expected] of [
  ['exactly as long ago', NOW - 180, true],
  ['longer ago', NOW - 180.5, false],
  ['in the future', NOW + 180, true],
  ['never', 'never', false],
] as const) {
  test(`a handshake ${name} ${expected ? 'counts' : 'does not count'}`, () => {
    assert.equal(hadHandshakeWithin(last, 180, MOMENT), expected);
  });
}

for (const [name, last, known, expected] of [
  ['in the past', NOW - 5, undefined, NOW - 5],
  ['never', 'never', undefined, 'never'],
  ['in the future, read for the first time', NOW + 900, undefined, NOW],
  ['in the future, after another one was read', NOW + 900, heard(NOW + 800, 70), NOW],
  ['in the future, first read 70 s ago', NOW + 900, heard(NOW + 900, 70), NOW - 70],
  ['in the future, read in the future', NOW + 900, heard(NOW + 900, -1), 0],
  ['in the future, read before the record began', NOW + 900, { at: NOW + 900, readAt: LONG_AGO }, 0],
] as const) {
  test(`a handshake ${name} is at ${expected} by the current clock`, () => {
    assert.equal(settleHandshake(last, known, MOMENT), expected);
  });
}

for (const [name, reported, known, expected] of [
  ['only the kernel knows it', NOW - 5, undefined, NOW - 5],
  ['only the record knows it', 'never', heard(NOW - 9), NOW - 9],
  ['the kernel knows a later one', NOW - 5, heard(NOW - 9), NOW - 5],
  ['the record knows a later one', NOW - 9, heard(NOW - 5), NOW - 5],
  ['neither knows one', 'never', undefined, 'never'],
] as const) {
  test(`the last handshake is found if ${name}`, () => {
    assert.equal(findLastHandshake({ lastHandshake: reported }, known, MOMENT), expected);
  });
}

test('a handshake is noted once; then the key has no source, no restores, and is not leaving', () => {
  const before = { ...UNRECORDED, source: '192.0.2.1' as Source, restores: 2, isLeaving: true };
  const after = noteHandshake({ lastHandshake: NOW }, before, MOMENT);
  assert.deepEqual(after, { ...UNRECORDED, heard: heard(NOW) });
  assert.equal(noteHandshake({ lastHandshake: NOW }, { ...UNRECORDED, heard: heard(NOW, 50) }, MOMENT), undefined);
  assert.equal(noteHandshake({ lastHandshake: 'never' }, before, MOMENT), undefined);
});

test('a known handshake keeps the time when it was first read, even when it ends the restores', () => {
  const before = { ...UNRECORDED, heard: heard(NOW, 50), restores: 3 };
  assert.deepEqual(noteHandshake({ lastHandshake: NOW }, before, MOMENT), { ...before, restores: 0 });
});

test('a handshake from an earlier file counts as read long ago, or as read now if it is in the future', () => {
  assert.deepEqual(remember(NOW, MOMENT), { at: NOW, readAt: LONG_AGO });
  assert.deepEqual(remember(NOW + 1, MOMENT), { at: NOW + 1, readAt: MOMENT.monotonic });
});

test('the keys that are alive are collected, latest first, except those that are leaving', () => {
  const registrations = new Map([
    [FIRST, { ...UNRECORDED, heard: heard(NOW - 3600) }],
    [SECOND, { ...UNRECORDED, heard: heard(NOW - 5) }],
    [THIRD, { ...UNRECORDED, heard: heard(NOW - 3601) }],
    [FOURTH, { ...UNRECORDED, heard: heard(NOW), isLeaving: true }],
  ]);
  assert.deepEqual(
    [...collectAlive(registrations, 3600, MOMENT)],
    [
      [SECOND, NOW - 5],
      [FIRST, NOW - 3600],
    ],
  );
});
