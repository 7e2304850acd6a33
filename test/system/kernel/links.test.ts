import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import test from 'node:test';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import type { InterfaceName } from '../../../src/core/values/names.ts';
import { interfaceExists, readOwnAddresses } from '../../../src/system/kernel/links.ts';

const NAMES = [
  ['lo', true],
  ['l', false],
  ['lo0', false],
  ['nosuchinterface', false],
  ['face', false],
] as const;
for (const [name, expected] of NAMES) {
  test(`there is ${expected ? 'an' : 'no'} interface called ${name}`, () => {
    assert.equal(interfaceExists(name as InterfaceName), expected);
  });
}

test('every IPv6 address of this machine is known', () => {
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  const expected = all.filter(({ family }) => family === 'IPv6').map(({ address }) => parseIpAddress(address));
  const own = readOwnAddresses();
  for (const address of expected) assert.ok(own.has(address), address);
  assert.ok(!own.has(parseIpAddress('2001:db8::1')));
});
