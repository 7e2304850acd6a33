import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findMeshPort, listMeshes } from '../../../src/core/host/mesh-port.ts';
import { parseLinkDetails } from '../../../src/core/host/tunnel-links.ts';

/** As `ip -json -details link show` prints it, less what does not matter. */
function readLinks(...links: readonly (readonly [name: string, kind: string, master?: string])[]) {
  const details = links.map(([ifname, info_kind, master]) => ({
    ...{ ifname, flags: ['UP'], mtu: 1500, linkinfo: { info_kind, info_data: { learning: true } } },
    ...(master !== undefined && { master }),
  }));
  return new Map(parseLinkDetails(JSON.stringify(details)).map((link) => [link.name, link]));
}

describe('findMeshPort()', () => {
  const CASES = [
    [
      'an interface in a mesh',
      [
        ['vx', 'vxlan', 'bat0'],
        ['bat0', 'batadv'],
      ],
      { mesh: 'bat0', port: 'vx' },
    ],
    [
      'an interface in a bridge in a mesh',
      [
        ['vx', 'vxlan', 'br'],
        ['br', 'bridge', 'bat1'],
        ['bat1', 'batadv', 'br-client'],
        ['br-client', 'bridge'],
      ],
      { mesh: 'bat1', port: 'br' },
    ],
    [
      'an interface alone',
      [
        ['vx', 'vxlan'],
        ['bat0', 'batadv'],
      ],
      undefined,
    ],
    [
      'an interface in a bridge alongside a mesh',
      [
        ['vx', 'vxlan', 'br'],
        ['br', 'bridge'],
        ['bat0', 'batadv', 'br'],
      ],
      undefined,
    ],
    [
      'an interface in a VRF',
      [
        ['vx', 'vxlan', 'vrf'],
        ['vrf', 'vrf', 'bat0'],
        ['bat0', 'batadv'],
      ],
      undefined,
    ],
    ['no interface', [['bat0', 'batadv']], undefined],
  ] as const;
  for (const [name, links, expected] of CASES) {
    test(`finds the mesh of ${name}`, () => assert.deepEqual(findMeshPort('vx', readLinks(...links)), expected));
  }
});

test('listMeshes() finds the interfaces of batman-adv whose names can be used', () => {
  assert.deepEqual(listMeshes(readLinks(['bat0', 'batadv'], ['br', 'bridge'], ['-m', 'batadv'])), ['bat0']);
});
