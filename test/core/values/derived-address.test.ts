import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { deriveLinkAddress, findDerivedMacs } from '../../../src/core/values/derived-address.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { parsePublicKey } from '../../../src/core/values/public-key.ts';
import { ipAddresses, publicKeys, variants } from '../arbitraries.ts';
import vectors from '../vectors.json' with { type: 'json' };

for (const variant of ['eui64', 'ffmuc', 'gluon'] as const) {
  for (const { publicKey, mac, address } of vectors[variant]) {
    test(`${publicKey.slice(0, 8)}… derives ${address} in ${variant}`, () => {
      assert.deepEqual(deriveLinkAddress(parsePublicKey(publicKey), variant), { mac, address });
      assert.deepEqual(findDerivedMacs(parseIpAddress(address)), [mac]);
    });
  }
}

test('the MAC address is found again from the address of any key', () => {
  fc.assert(
    fc.property(publicKeys, variants, (key, variant) => {
      const { mac, address } = deriveLinkAddress(key, variant);
      assert.match(mac, /^02(:[0-9a-f]{2}){5}$/);
      assert.deepEqual(findDerivedMacs(address), [mac]);
    }),
  );
});

test('an address that was not derived has no MAC address', () => {
  fc.assert(fc.property(ipAddresses, (address) => findDerivedMacs(address).length === 0));
});

test('an address is recognised if and only if all of its fixed bytes are right', () => {
  const nearlyRight = (byte: number) => fc.oneof({ weight: 9, arbitrary: fc.constant(byte) }, fc.constantFrom(0, 1, 2));
  const bytes = fc.tuple(
    fc.tuple(...[0xfe, 0x80, 0, 0, 0, 0, 0, 0].map(nearlyRight)),
    fc.constantFrom(0, 2, 4),
    fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 5, maxLength: 5 }),
    fc.tuple(nearlyRight(0xff), nearlyRight(0xfe)),
  );
  fc.assert(
    fc.property(bytes, ([prefix, first, hash, middle]) => {
      const all = Buffer.from([...prefix, first, ...hash.slice(0, 2), ...middle, ...hash.slice(2)]);
      const address = parseIpAddress((all.toString('hex').match(/..../g) ?? []).join(':'));
      const isDerived =
        all.toString('hex', 0, 8) === 'fe80000000000000' && [0, 2].includes(first) && middle.join() === '255,254';
      const mac = `02:${(Buffer.from(hash).toString('hex').match(/../g) ?? []).join(':')}`;
      assert.deepEqual(findDerivedMacs(address), isDerived ? [mac] : []);
    }),
    { numRuns: 500 },
  );
});
