import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseTableRoutes } from '../../../src/core/kernel/table-routes.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

/** As iproute2 6.1 and 6.15 print them. */
const TEXT = `[{"dst":"default","dev":"wg-x","table":"30567","protocol":"119","scope":"253","metric":1024,"flags":[]},
{"type":"7","dst":"default","dev":"lo","table":"30567","protocol":"119","metric":4096,"flags":[],"pref":"medium"},
{"type":"6","dst":"198.51.100.0/24","flags":[]},
{"dst":"default","gateway":"10.9.0.1","dev":"eth0","flags":[]},
{"dst":"203.0.113.0/24","via":{"family":"inet6","host":"fe80::1"},"dev":"eth0","flags":[]},
{"dst":"192.0.2.0/24","metric":9,"flags":[],"nexthops":[{"gateway":"10.9.0.2","dev":"eth0","weight":1,"flags":[]},{"dev":"ppp0","weight":1,"flags":[]}]},
{"type":"2","dst":"10.9.0.2","dev":"eth0","table":"255","protocol":"2","scope":"254","prefsrc":"10.9.0.2","flags":[]}]`;
const MAIN = { table: 254, metric: 0 };

describe('routes of all tables', () => {
  test('are read with their gateways', () => {
    assert.deepEqual(parseTableRoutes(TEXT, '0.0.0.0/0'), [
      { network: '0.0.0.0/0', table: 30_567, metric: 1024, device: 'wg-x', gateways: [] },
      { network: '0.0.0.0/0', table: 30_567, metric: 4096, device: undefined, gateways: [] },
      { network: '198.51.100.0/24', ...MAIN, device: undefined, gateways: [] },
      { network: '0.0.0.0/0', ...MAIN, device: 'eth0', gateways: ['10.9.0.1'] },
      { network: '203.0.113.0/24', ...MAIN, device: 'eth0', gateways: ['fe80::1'] },
      { network: '192.0.2.0/24', ...MAIN, metric: 9, device: 'eth0', gateways: ['10.9.0.2'] },
      { network: '10.9.0.2', table: 255, metric: 0, device: 'eth0', gateways: [] },
    ]);
  });

  test('have ::/0 in place of `default` where they are of IPv6', () => {
    assert.equal(parseTableRoutes('[{"dst":"default"}]', '::/0')[0]?.network, '::/0');
  });

  test('are read, or refused, whatever ip prints', () => {
    fc.assert(
      fc.property(
        fc.oneof(texts, damaged(fc.constant(TEXT))),
        (text) => void parseOrRefuse(() => parseTableRoutes(text, '::/0')),
      ),
    );
  });
});
