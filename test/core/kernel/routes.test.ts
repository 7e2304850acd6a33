import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseHostRoutes } from '../../../src/core/kernel/routes.ts';
import { damaged, ipAddresses, parseOrRefuse, texts } from '../arbitraries.ts';

const outputs = fc.array(ipAddresses, { maxLength: 4 }).map(format);

test('the addresses of host routes are read back', () => {
  fc.assert(
    fc.property(fc.array(ipAddresses), (addresses) => assert.deepEqual(parseHostRoutes(format(addresses)), addresses)),
  );
});

test('networks and the default route are left out', () => {
  assert.deepEqual(parseHostRoutes(format(['fe80::/64', 'fe80::1', 'default'])), ['fe80::1']);
  assert.deepEqual(parseHostRoutes('[ ]\n'), []);
});

test('any other text is refused, and nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(outputs)), (text) => {
      parseOrRefuse(() => parseHostRoutes(text));
    }),
  );
});

/** As `ip -6 -json route show dev wgww01` prints it. */
function format(destinations: readonly string[]): string {
  const rows = destinations.map((dst) => ({ dst, protocol: 'boot', metric: 1024, flags: [], pref: 'medium' }));
  return `${JSON.stringify(rows)}\n`;
}
