import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hasLinkLocalRoute } from '../../../src/core/host/link-local-route.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

/** As iproute2 6.1 prints it. */
const ROUTE = { dst: 'fe80::/64', protocol: 'kernel', metric: 256, flags: [], pref: 'medium' };

describe('a route to all link-local addresses', () => {
  const CASES = [
    ['comes with an address with /64', ['fe80::1', 'fe80::/64'], true],
    ['may be a wider one', ['fe80::/10'], true],
    ['is not one to a host', ['fe80::1:2:3:4'], false],
    ['is not one to another network', ['2001:db8::/32', 'fe80:0:0:1::/64'], false],
    ['is not the default route', ['default'], false],
    ['does not exist without routes', [], false],
  ] as const;
  for (const [name, destinations, expected] of CASES) {
    test(name, () => {
      const text = JSON.stringify(destinations.map((dst) => ({ ...ROUTE, dst })));
      assert.equal(hasLinkLocalRoute(text), expected);
    });
  }
});

test('any other text is refused, and nothing else is thrown', () => {
  const outputs = fc.constant(JSON.stringify([ROUTE]));
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(outputs)), (text) => {
      parseOrRefuse(() => hasLinkLocalRoute(text));
    }),
  );
});
