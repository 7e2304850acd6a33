import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatBytes, formatBytesShort } from '../../../src/core/operator/byte-count.ts';

const COUNTS = [
  [0, '0 B', '0'],
  [980, '980 B', '980'],
  [1023, '1023 B', '1023'],
  [1024, '1.0 KiB', '1.0K'],
  [1536, '1.5 KiB', '1.5K'],
  [9.949 * 1024, '9.9 KiB', '9.9K'],
  [9.96 * 1024, '10 KiB', '10K'],
  [1023.4 * 1024, '1023 KiB', '1023K'],
  [1023.6 * 1024, '1.0 MiB', '1.0M'],
  [340 * 1024 ** 2, '340 MiB', '340M'],
  [1.2 * 1024 ** 3, '1.2 GiB', '1.2G'],
  [5 * 1024 ** 4, '5.0 TiB', '5.0T'],
] as const;
for (const [bytes, long, short] of COUNTS) {
  test(`${bytes} bytes are ${long}, or ${short}`, () => {
    assert.equal(formatBytes(bytes), long);
    assert.equal(formatBytesShort(bytes), short);
  });
}

test('any number of bytes that wg can report fits its column', () => {
  fc.assert(
    fc.property(fc.nat(1e15 - 1), (bytes) => {
      assert.ok(formatBytes(bytes).length <= 8 && formatBytesShort(bytes).length <= 5);
    }),
  );
});
