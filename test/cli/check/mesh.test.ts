import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeGatewayMode, judgeNeighbours, judgePlace } from '../../../src/cli/check/mesh.ts';
import type { DomainReading } from '../../../src/cli/gateway/domain.ts';
import type { DomainMesh } from '../../../src/cli/gateway/mesh.ts';
import { isMesh } from '../../../src/config/config.ts';
import { PeerRecord, UNRECORDED } from '../../../src/core/peers/record.ts';
import { DOMAIN } from '../../core/arbitraries.ts';
import { MESHES } from '../results.ts';
import { CONFIG, READINGS, SCENE_KEYS } from '../scene.ts';

const [reading] = READINGS;
const found = MESHES.get(DOMAIN);
assert.ok(found);
const MESH: DomainMesh = found;

describe('the place of a VXLAN', () => {
  const [first, second] = [...CONFIG.domains.values()].filter(isMesh);
  assert.ok(first && second);
  const judge = (...links: readonly (readonly [name: string, kind: string, master?: string])[]) => {
    const details = links.map(([name, kind, master]) => ({ name, kind, master, isUp: true, mtu: 1, vxlan: undefined }));
    const faults = judgePlace(first, [first, second], new Map(details.map((link) => [link.name, link])));
    return faults.map(({ code, remedy }) => [code, remedy]);
  };
  const FAULT = 'vxlan-outside-mesh';
  const REMEDY = 'batctl meshif bat0 interface add vxww01';

  test('is a mesh', () => assert.deepEqual(judge(['vxww01', 'vxlan', 'bat0'], ['bat0', 'batadv']), []));
  test('is reported with the mesh that is free', () => {
    assert.deepEqual(judge(['vxww01', 'vxlan'], ['bat0', 'batadv']), [[FAULT, REMEDY]]);
    const other = ['vxmuc', 'vxlan', 'bat1'] as const;
    assert.deepEqual(judge(['vxww01', 'vxlan'], ['bat0', 'batadv'], other, ['bat1', 'batadv']), [[FAULT, REMEDY]]);
  });
  test('is reported without a command if there are several meshes, or only that of another domain', () => {
    assert.deepEqual(judge(['vxww01', 'vxlan'], ['bat0', 'batadv'], ['bat1', 'batadv']), [[FAULT, undefined]]);
    assert.deepEqual(judge(['vxww01', 'vxlan'], ['vxmuc', 'vxlan', 'bat0'], ['bat0', 'batadv']), [[FAULT, undefined]]);
  });
  test('does not matter if there is no VXLAN', () => assert.deepEqual(judge(['bat0', 'batadv']), []));
});

describe('the gateway mode', () => {
  const judge = (gatewayMode: string, others: number, servesDhcp: boolean) =>
    judgeGatewayMode({ ...MESH, gatewayMode }, { others, servesDhcp }).map(({ problem }) => problem);
  const announces = 'bat0 does not announce a gateway (gw_mode';

  test('server is sound', () => assert.deepEqual(judge('server', 3, true), []));
  test('off is sound if nothing says that routers need it', () => assert.deepEqual(judge('off', 0, false), []));
  test('off or client is reported if other gateways announce themselves, or a DHCP server runs', () => {
    assert.deepEqual(judge('off', 1, false), [`${announces} off), but 1 other gateway does`]);
    assert.deepEqual(judge('client', 0, true), [`${announces} client), but a DHCP server runs here`]);
    assert.deepEqual(judge('off', 2, true), [`${announces} off), but 2 other gateways do and a DHCP server runs here`]);
  });
});

describe('a router', () => {
  const { alive } = SCENE_KEYS;
  const nobody: DomainMesh = { ...MESH, neighbours: new Map() };
  const problem =
    '1 router has a handshake and its forwarding entries, but is not a neighbour of bat0 (see wgkex peers --mesh)';
  const judge = (mesh: DomainMesh, change: Partial<DomainReading> = {}) =>
    judgeNeighbours({ ...reading, ...change }, mesh).map((fault) => fault.problem);
  const registered = (secondsAgo: number) => {
    const registeredAt = reading.view.peers.now.monotonic - secondsAgo;
    const record = new PeerRecord('boot');
    record.set(alive, { ...UNRECORDED, registeredAt });
    return { view: { ...reading.view, record } };
  };

  test('that is alive and served is a neighbour', () => assert.deepEqual(judge(MESH), []));
  test('that is not is reported; those that are idle, stale, pending or static are not', () =>
    assert.deepEqual(judge(nobody), [problem]));
  test('is not reported in its first minute', () => {
    assert.deepEqual(judge(nobody, registered(59)), []);
    assert.deepEqual(judge(nobody, registered(60)), [problem]);
  });
  test('is not reported without its entries, which are another problem', () => {
    const peers = reading.peers.map((one) => ({ ...one, missingEntries: [{ mac: 'x' } as never] }));
    assert.deepEqual(judge(nobody, { peers }), []);
    assert.deepEqual(judge(nobody, { peers: reading.peers.map((one) => ({ ...one, lacksRoute: true })) }), []);
  });
  test('is not reported if the VXLAN does not learn', () =>
    assert.deepEqual(judge({ ...nobody, isLearning: false }), []));
});
