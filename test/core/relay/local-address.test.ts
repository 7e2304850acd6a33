import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { deriveLocalAddress, isIpv4Loopback } from '../../../src/core/relay/local-address.ts';

test('each source has an address of its own in 127.64.0.0/10, always the same', () => {
  fc.assert(
    fc.property(fc.string(), (source) => {
      const address = deriveLocalAddress(source);
      const [first, second, ...rest] = address.split('.').map(Number);
      assert.equal(first, 127);
      assert.ok(second !== undefined && second >= 64 && second < 128, address);
      assert.ok(rest.length === 2 && rest.every((byte) => byte >= 0 && byte < 256), address);
      assert.equal(deriveLocalAddress(source), address);
    }),
  );
});

test('the address of a source does not change with the version', () => {
  assert.deepEqual(['192.0.2.1', '2001:db8::/64'].map(deriveLocalAddress), ['127.77.255.63', '127.108.139.164']);
});

test('a thousand sources hardly ever share an address', () => {
  const addresses = Array.from({ length: 1000 }, (_, index) => deriveLocalAddress(`192.0.2.${index}`));
  assert.ok(new Set(addresses).size > 995);
});

test('such addresses are for a target in 127.0.0.0/8 alone', () => {
  assert.deepEqual(['127.0.0.1', '127.9.9.9', '::1', '192.0.2.127'].map(isIpv4Loopback), [true, true, false, false]);
});
