import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAddress, parseServer } from '../../../src/core/relay/endpoints.ts';

describe('an address', () => {
  for (const [text, host, port] of [
    ['127.0.0.1:51820', '127.0.0.1', 51_820],
    ['[::]:443', '::', 443],
    ['[fe80::1%eth0]:443', 'fe80::1%eth0', 443],
  ] as const)
    test(`is read from ${text}`, () => assert.deepEqual(parseAddress(text), { host, port }));

  for (const text of ['', '443', ':443', '127.0.0.1', '[::]', '::1', 'gw.example.org:443', '127.0.0.1:0', '1.2.3:443'])
    test(`is not ${JSON.stringify(text)}`, () => {
      const expected = 'an address and a port such as "127.0.0.1:51820" or "[::]:443"';
      const message = `Cannot use ${JSON.stringify(text)}: expected ${expected}`;
      assert.throws(() => parseAddress(text), { name: 'InputError', message });
    });
});

describe('a server', () => {
  for (const [text, host, port] of [
    ['gw.example.org:443', 'gw.example.org', 443],
    ['192.0.2.1:8443', '192.0.2.1', 8443],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
  ] as const)
    test(`is read from ${text}`, () => assert.deepEqual(parseServer(text), { host, port }));

  for (const text of ['', 'gw.example.org', '2001:db8::1', 'gw.example.org:', 'gw:65536', 'https://gw.example.org:443'])
    test(`is not ${JSON.stringify(text)}`, () => {
      const expected = 'a server such as "gw.example.org:443" or "[2001:db8::1]:443"';
      const message = `Cannot use ${JSON.stringify(text)}: expected ${expected}`;
      assert.throws(() => parseServer(text), { name: 'InputError', message });
    });
});
