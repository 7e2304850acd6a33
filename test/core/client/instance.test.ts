import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deriveInterface, parseGateway, parseInstanceName } from '../../../src/core/client/instance.ts';
import { isInterfaceName } from '../../../src/core/values/names.ts';
import { parseOrRefuse, texts } from '../arbitraries.ts';
import { instanceNames } from './instance-arbitraries.ts';

describe('the name of a tunnel', () => {
  test('names an interface, too', () => {
    fc.assert(
      fc.property(fc.oneof(texts, instanceNames), (text) => {
        const name = parseOrRefuse(() => parseInstanceName(text));
        if (name === undefined) return;
        assert.equal(name, text);
        assert.equal(deriveInterface(name), `wg-${name}`);
        assert.ok(isInterfaceName(deriveInterface(name)));
      }),
    );
  });

  for (const name of ['members', 'm', '0', 'a_b-c', 'abcdefghijkl', 'joined', 'up2'])
    test(`may be ${name}`, () => assert.equal(parseInstanceName(name), name));

  for (const name of [
    ...['', 'Members', 'abcdefghijklm', '-m', '_m', 'a.b', 'a b', 'a/b', '..', 'm\n', 'm\0', 'ü', '%i', '--down'],
    ...['join', 'status', 'down', 'up', 'leave', 'export', 'doctor', 'run', 'help'],
  ])
    test(`may not be ${JSON.stringify(name)}`, () => {
      assert.throws(() => parseInstanceName(name), {
        name: 'InputError',
        message: /^Cannot use "[ -~]*" as a name: expected 1 to 12 of a-z, 0-9, "-" and "_", and not a command$/,
      });
    });
});

describe('a gateway of a member', () => {
  for (const [text, host, port] of [
    ['gw1.example.org', 'gw1.example.org', 10_012],
    ['gw1.example.org:443', 'gw1.example.org', 443],
    ['192.0.2.1:1', '192.0.2.1', 1],
    ['2001:db8::1', '2001:db8::1', 10_012],
    ['[2001:db8::1]:65535', '2001:db8::1', 65_535],
  ] as const)
    test(`may be ${text}`, () => assert.deepEqual(parseGateway(text), { host, port }));

  for (const text of ['', 'gw1 ', 'gw1:0', 'gw1:65536', 'gw1,gw2', '-gw1', 'http://gw1', '[::1', 'gw1\n'])
    test(`may not be ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseGateway(text), { name: 'InputError', message: /^Cannot use "[ -~]*" as a gateway: / });
    });
});
