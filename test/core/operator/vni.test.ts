import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deriveVnis, parseDomainSeed } from '../../../src/core/operator/vni.ts';
import { InputError } from '../../../src/core/values/errors.ts';

/** `domain_seed` of Freifunk Westerwald, whose gateways use 4641648. */
const WESTERWALD = 'e19361a1699eb286a61d6527df161bf219eab47e6274029b35dc403c6df6d1ed';

describe('deriveVnis()', () => {
  test('finds the number that the gateways of Freifunk Westerwald use', () => {
    assert.deepEqual(deriveVnis(parseDomainSeed(WESTERWALD)), [
      { vni: 4_641_648, label: 'gluon-mesh-vpn-vxlan', firmware: 'ffmuc-mesh-vpn-wireguard-vxlan' },
      { vni: 4_094_207, label: 'gluon-mesh-vxlan', firmware: 'gluon-mesh-vpn-wireguard' },
    ]);
  });

  test('finds the same for a seed in capitals', () => {
    assert.deepEqual(deriveVnis(parseDomainSeed(WESTERWALD.toUpperCase())), deriveVnis(parseDomainSeed(WESTERWALD)));
  });
});

describe('parseDomainSeed()', () => {
  for (const text of ['', WESTERWALD.slice(1), `${WESTERWALD}0`, `${WESTERWALD}\n`, `g${WESTERWALD.slice(1)}`]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseDomainSeed(text), InputError);
    });
  }
});
