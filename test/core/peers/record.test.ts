import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findRecordedSource, PeerRecord, UNRECORDED } from '../../../src/core/peers/record.ts';
import { deriveAll } from '../../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../../src/core/values/public-key.ts';
import { LONG_AGO } from '../../../src/core/values/time.ts';
import {
  addressOf,
  damaged,
  KEYS,
  keyPool,
  MOMENT,
  parseOrRefuse,
  registrations,
  SOURCES,
  texts,
} from '../arbitraries.ts';

const [KEY] = KEYS;
const entries = fc.array(fc.tuple(keyPool, fc.oneof(registrations, fc.constant(UNRECORDED))), { maxLength: 8 });
const holds = fc.array(fc.tuple(keyPool.map(addressOf), fc.constantFrom(undefined, ...SOURCES)), { maxLength: 5 });
const records = fc.tuple(entries, holds).map(([some, held]) => {
  const record = new PeerRecord('boot');
  record.setInterfaces('boot 3 4');
  for (const [key, registration] of some) record.set(key, registration);
  for (const [address, from] of held) record.hold(address, findRecordedSource(from), MOMENT);
  return record;
});

test('a written record is read back', () => {
  fc.assert(
    fc.property(records, (record) => {
      const read = PeerRecord.parse(record.format(MOMENT));
      assert.deepEqual([read.boot, read.interfaces], [record.boot, record.interfaces]);
      assert.deepEqual(read.registrations, record.registrations);
      assert.equal(read.format(MOMENT), record.format(MOMENT));
    }),
  );
});

test('any file is either read as a record that can be written again, or refused', () => {
  fc.assert(
    fc.property(fc.oneof(texts, damaged(records.map((record) => record.format(MOMENT)))), (text) => {
      const record = parseOrRefuse(() => PeerRecord.parse(text));
      if (record !== undefined)
        assert.deepEqual(PeerRecord.parse(record.format(MOMENT)).registrations, record.registrations);
    }),
    { numRuns: 500 },
  );
});

test('a torn last line is ignored, wherever it was torn', () => {
  const record = new PeerRecord('boot');
  const whole = record.format(MOMENT);
  const line = `${record.set(KEY, UNRECORDED)}\n`;
  for (let length = 0; length < line.length; length++)
    assert.equal(PeerRecord.parse(`${whole}${line.slice(0, length)}`).registrations.size, 0);
  assert.equal(PeerRecord.parse(`${whole}${line}`).registrations.size, 1);
});

test('the last line of a key counts', () => {
  const record = new PeerRecord('boot');
  const lines = [record.set(KEY, UNRECORDED), record.drop(KEY), record.set(KEY, { ...UNRECORDED, restores: 2 })];
  const read = PeerRecord.parse(`${new PeerRecord('boot').format(MOMENT)}${lines.join('\n')}\n`);
  assert.equal(read.registrations.get(KEY)?.restores, 2);
});

const HEAD = 'wgkex-record 1 boot\non x\n';
for (const [name, text] of [
  ['nothing', ''],
  ['zeros, as after a power cut', '\0'.repeat(100)],
  ['another version', 'wgkex-record 2 boot\n'],
  ['an unknown line', `${HEAD}keys ${KEY}\n`],
  ['a key that is not one', `${HEAD}key x 1 1 - - 0\n`],
  ['an unknown flag', `${HEAD}key ${KEY} 1 1 x - 0\n`],
  ['a source that is not one', `${HEAD}key ${KEY} 1 1 - x 0\n`],
  ['a source that is not a household', `${HEAD}key ${KEY} 1 1 - 2001:db8::1 0\n`],
  ['no count of restores', `${HEAD}key ${KEY} 1 1 - -\n`],
  ['no time for a handshake', `${HEAD}key ${KEY} 1 1 - - 0 5\n`],
  ['a hold without a time', `${HEAD}hold fe80::1 -\n`],
  ['an address of a hold that is not one', `${HEAD}hold x - 1\n`],
  ['an address of a hold in another form', `${HEAD}hold fe80::0:1 - 1\n`],
  ['an extra word for a key', `${HEAD}key ${KEY} 1 1 - - 0 5 5 5\n`],
  ['an extra word for a hold', `${HEAD}hold fe80::1 - 1 1\n`],
  ['an extra word for a key that is gone', `${HEAD}drop ${KEY} 1\n`],
] as const) {
  test(`a file with ${name} is damaged`, () => {
    assert.equal(
      parseOrRefuse(() => PeerRecord.parse(text)),
      undefined,
    );
  });
}

test('a hold of any derived address is read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const derived = deriveAll(parsePublicKey(Buffer.from(bytes).toString('base64')));
      const record = new PeerRecord('boot');
      for (const { address } of derived) record.hold(address, undefined, MOMENT);
      const read = PeerRecord.parse(record.format(MOMENT));
      assert.ok(derived.every(({ address }) => read.hasHeld(address, undefined, MOMENT)));
    }),
    { numRuns: 2000 },
  );
});

test('a household counts as the holder of an address for an hour, and no other household does', () => {
  const record = new PeerRecord('boot');
  const [here, there] = [findRecordedSource(SOURCES[0]), findRecordedSource(SOURCES[4])];
  record.hold(addressOf(KEY), here, MOMENT);
  const later = (seconds: number) => ({ ...MOMENT, monotonic: MOMENT.monotonic + seconds });
  assert.ok(record.hasHeld(addressOf(KEY), here, later(3599)));
  assert.ok(!record.hasHeld(addressOf(KEY), here, later(3600)));
  assert.ok(!record.hasHeld(addressOf(KEY), there, MOMENT));
  assert.ok(!record.hasHeld(addressOf(KEYS[1]), here, MOMENT));
  assert.ok(!record.hasHeld(addressOf(KEY), here, later(-1)), 'a time in the future counts as long ago');
  assert.doesNotMatch(record.format(later(3600)), /^hold/m);
});

test('a key from before the record counts as registered long ago', () => {
  assert.deepEqual([UNRECORDED.registeredAt, UNRECORDED.pendingSince], [LONG_AGO, LONG_AGO]);
});
