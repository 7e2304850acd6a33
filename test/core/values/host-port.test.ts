import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseHostPort } from '../../../src/core/values/host-port.ts';
import { parseOrRefuse, texts } from '../arbitraries.ts';

const GATEWAYS = [
  ['gateway.example', 'gateway.example', 10012],
  ['gateway.example:443', 'gateway.example', 443],
  ['192.0.2.1', '192.0.2.1', 10012],
  ['192.0.2.1:65535', '192.0.2.1', 65_535],
  ['2001:db8::1', '2001:db8::1', 10012],
  ['::1', '::1', 10012],
  ['fe80::1%eth0', 'fe80::1%eth0', 10012],
  ['[2001:db8::1]', '2001:db8::1', 10012],
  ['[fe80::1%eth0]:1', 'fe80::1%eth0', 1],
] as const;
for (const [text, host, port] of GATEWAYS) {
  test(`${text} is ${host}, port ${port}`, () => {
    assert.deepEqual(parseHostPort(text, 10012), { host, port });
  });
}

for (const text of ['', ':10012', 'gateway:', 'gateway:0', 'gateway:65536', '[::1', '[]:1', 'a b', '-x', 'a/b']) {
  test(`${JSON.stringify(text)} is not a gateway`, () => {
    assert.throws(() => parseHostPort(text, 10012), { name: 'InputError' });
  });
}

test('any other text is refused, and nothing else is thrown', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const gateway = parseOrRefuse(() => parseHostPort(text, 1));
      assert.ok(gateway === undefined || /^[\w.:%-]+$/.test(gateway.host));
    }),
  );
});
