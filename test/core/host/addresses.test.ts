import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseInterfaceAddresses } from '../../../src/core/host/addresses.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

/** As iproute2 6.1 prints them, without irrelevant fields. */
const INTERFACE = {
  ifname: 'wgww01',
  addr_info: [
    { family: 'inet', local: '10.0.0.1', prefixlen: 8 },
    { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
  ],
};

test('an interface has its own addresses of both families, and none of another interface', () => {
  assert.deepEqual(parseInterfaceAddresses(JSON.stringify([{}, INTERFACE, {}])), ['10.0.0.1', 'fe80::1']);
  assert.deepEqual(parseInterfaceAddresses(JSON.stringify([{ ...INTERFACE, addr_info: [] }])), []);
});

test('any other text is refused, and nothing else is thrown', () => {
  const outputs = fc.constant(JSON.stringify([INTERFACE]));
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(outputs)), (text) => {
      parseOrRefuse(() => parseInterfaceAddresses(text));
    }),
  );
});
