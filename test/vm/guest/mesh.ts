import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attempt, eventually, PING, readRouterKey, sh } from './machine.ts';
import { ON_DEBIAN_12 } from './release.ts';

/** The firmware's own, as of Gluon: not the derived one. */
const FIRMWARE_MAC = '02:00:00:00:0f:16';
/** Leaves the mesh interface there when its last interface goes. */
const LEAVE = 'interface -M del';

/** With a router that is connected, and batman-adv on both sides. */
export function testMesh(): void {
  test(
    'the operator sees the router as a neighbour in the mesh, by its derived MAC address',
    ON_DEBIAN_12,
    async () => {
      const { mac, ...mesh } = (await readMesh()) ?? {};
      assert.deepEqual([mesh.interface, mesh.algorithm, mesh.neighbour], ['bat0', 'BATMAN_IV', true]);
      assert.equal(mac, await readRouterMac());
      assert.ok(mesh.tq > 0 && mesh.tq <= 255, JSON.stringify(mesh));
      assert.equal(mesh.throughput_kbits, null);
      assert.ok(Math.abs(Number(await sh('date +%s')) - mesh.last_seen) < 60, JSON.stringify(mesh));
      const text = await sh(`wgkex show ${await readRouterKey()}`);
      assert.match(text, new RegExp(`^ +mesh +neighbour ${mac} of bat0, TQ \\d+ of 255, seen \\d+ s ago$`, 'm'));
      assert.match(await sh('wgkex peers --mesh'), /^KEY .* MESH .*SEEN .*\n.* TQ \d+ +\d+ s ago/);
    },
  );

  test('the operator sees it by the MAC address that the VXLAN learned from it', ON_DEBIAN_12, async () => {
    const derived = await readRouterMac();
    await sh(`ip -n router link set vx-mesh address ${FIRMWARE_MAC}`);
    await eventually('the neighbour has the other address', async () => (await readMesh())?.mac === FIRMWARE_MAC);
    assert.deepEqual((await readMesh())?.learned_macs, [FIRMWARE_MAC]);
    await sh(`ip -n router link set vx-mesh address ${derived}`);
    await eventually('the neighbour has its address back', async () => (await readMesh())?.mac === derived);
  });

  test(
    'wgkex check names a gateway mode that is off while another gateway is there, and its command fixes it',
    ON_DEBIAN_12,
    async () => {
      assert.deepEqual(await findMeshFaults(), []);
      await sh('ip netns exec router batctl meshif bat0 gw_mode server');
      const expected = {
        code: 'mesh-gateway-off',
        problem: 'bat0 does not announce a gateway (gw_mode off), but 1 other gateway does',
        remedy: 'batctl meshif bat0 gw_mode server',
      };
      let faults: unknown[] = [];
      await eventually('it is found', async () => {
        faults = await findMeshFaults();
        return faults.length > 0;
      });
      assert.deepEqual(faults, [expected]);
      await sh(expected.remedy);
      assert.deepEqual(await findMeshFaults(), []);
      for (const where of ['', 'ip netns exec router ']) await sh(`${where}batctl meshif bat0 gw_mode off`);
    },
  );

  test(
    'wgkex check names a VXLAN outside the mesh, and a connected router that is not a neighbour',
    ON_DEBIAN_12,
    async () => {
      await sh(`ip netns exec router batctl meshif bat0 ${LEAVE} vx-mesh; batctl meshif bat0 ${LEAVE} vxww01`);
      const remedy = 'batctl meshif bat0 interface add vxww01';
      const problem = 'vxww01 is not in a mesh of batman-adv';
      assert.deepEqual(await findMeshFaults(), [{ code: 'vxlan-outside-mesh', problem, remedy }]);
      await sh(remedy);
      await eventually('the router is missed', async () => (await findMeshFaults())[0]?.code === 'no-neighbour');
      assert.equal((await readMesh())?.neighbour, false);
      await sh('ip netns exec router batctl meshif bat0 interface add vx-mesh');
      await eventually('a ping through bat0', async () => (await attempt(PING)).exitCode === 0);
      assert.deepEqual(await findMeshFaults(), []);
    },
  );
}

async function readMesh() {
  const { routers } = JSON.parse((await attempt(`wgkex show --json ${await readRouterKey()}`)).output);
  return routers[0].domains[0].peer.mesh;
}

function readRouterMac(): Promise<string> {
  return sh('ip -n router -json link show dev vx-mesh | sed \'s/.*"address":"\\([^"]*\\)".*/\\1/\'');
}

async function findMeshFaults(): Promise<{ code: string; problem: string; remedy: string | null }[]> {
  const { checks } = JSON.parse((await attempt('wgkex check --json')).output);
  const [{ findings }] = checks.filter(({ check }: { check: string }) => check === 'mesh');
  return findings.map(({ code, problem, remedy }: never) => ({ code, problem, remedy }));
}
