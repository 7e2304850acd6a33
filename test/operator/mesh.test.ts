import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { attempt, eventually, startIn } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { ageRecord } from '../../lab/record.ts';
import { Router } from '../../lab/router.ts';

const NUMBER = 83;
const VXLAN = `vx${NUMBER}ffww01`;
/** The firmware's own, which the VXLAN has to learn. */
const FIRMWARE_MAC = '02:00:00:00:0f:16';
/** What the fake batctl prints, by its last word; what it was asked; and a copy of /usr/sbin that has it. */
const ANSWERS = `/run/batctl${NUMBER}`;
const SBIN = `/run/sbin${NUMBER}`;

const NEIGHBOUR = `"hard_ifindex":4,"hard_ifname":"${VXLAN}","last_seen_msecs":1708,"neigh_address":"${FIRMWARE_MAC}"`;
const SOUND = {
  mesh_json: '{"version":"2024.3","algo_name":"BATMAN_IV","mesh_ifname":"bat0","gw_mode":"off"}',
  neighbors_json: `[{${NEIGHBOUR}}]`,
  originators_json: `[{${NEIGHBOUR},"orig_address":"${FIRMWARE_MAC}","tq":251,"best":true},{${NEIGHBOUR},"orig_address":"12:6d:7d:6f:f9:03","tq":77}]`,
  gateways_json: '[]',
};

let gateway: Gateway;
let router: Router;

before(async () => {
  gateway = await Gateway.create(NUMBER, [{ name: 'ffww01' }, { name: 'ffww02' }]);
  await gateway.start();
  router = await Router.create(gateway, 1);
  assert.equal(await router.exchange('ffww01'), 'OK');
  await router.up();
  await router.connected();
  await router.run('ip', 'link', 'set', router.vxlan, 'address', FIRMWARE_MAC);
  await makeMesh();
  await fakePrograms();
  await eventually('the VXLAN has learned the MAC address', async () => {
    await attempt(router.namespace, 'ping', ['-6', '-c', '1', '-W', '1', 'fd42::1']);
    return (await gateway.run('bridge', 'fdb', 'show', 'dev', VXLAN)).includes(FIRMWARE_MAC);
  });
});
after(async () => {
  await gateway.close();
  for (const path of [ANSWERS, SBIN]) await rm(path, { recursive: true });
});
beforeEach(() => answer({}));

describe('wgkex show', () => {
  test('shows the neighbour that the VXLAN learned from the router, with its link quality', async () => {
    const { exitCode, stdout } = await look('show', router.key);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^ {2}mesh {7}neighbour 02:00:00:00:0f:16 of bat0, TQ 251 of 255, seen 1 s ago$/m);
    const { routers } = JSON.parse((await look('show', '--json', router.key)).stdout);
    const [{ peer }, other] = routers[0].domains;
    assert.ok(Math.abs(peer.mesh.last_seen - Date.now() / 1000) < 60);
    const { last_seen: _, learned_macs: learned, ...mesh } = peer.mesh;
    assert.deepEqual(mesh, {
      ...{ interface: 'bat0', algorithm: 'BATMAN_IV', neighbour: true, mac: FIRMWARE_MAC },
      ...{ tq: 251, throughput_kbits: null },
    });
    // Its interface had another one for a moment.
    assert.ok(learned.includes(FIRMWARE_MAC), learned);
    assert.equal(other.peer, null);
  });

  test('shows the throughput with BATMAN_V', async () => {
    await answer({
      mesh_json: SOUND.mesh_json.replace('BATMAN_IV', 'BATMAN_V'),
      neighbors_json: `[{${NEIGHBOUR},"throughput":1140}]`,
      originators_json: `[{${NEIGHBOUR},"orig_address":"${FIRMWARE_MAC}","throughput":1000,"best":true}]`,
    });
    assert.match((await look('show', router.key)).stdout, /of bat0, 1\.1 Mbit\/s, seen 1 s ago$/m);
  });

  test('shows that it is not a neighbour, and what the VXLAN has learned', async () => {
    await answer({ neighbors_json: '[]', originators_json: '[]' });
    const { stdout } = await look('show', router.key);
    assert.match(stdout, new RegExp(`not a neighbour of bat0; ${VXLAN} has learned\\s.*${FIRMWARE_MAC}`, 's'));
  });

  test('shows that it is not known without learning', async () => {
    await answer({ neighbors_json: '[]', originators_json: '[]' });
    await gateway.run('ip', 'link', 'set', VXLAN, 'type', 'vxlan', 'nolearning');
    const { stdout } = await look('show', router.key);
    await gateway.run('ip', 'link', 'set', VXLAN, 'type', 'vxlan', 'learning');
    assert.ok(stdout.includes(`not known: ${VXLAN} does not learn which router has which MAC address`), stdout);
  });
});

describe('wgkex peers --mesh', () => {
  test('shows each router in the mesh, and names a domain that is in none', async () => {
    const { exitCode, stdout, stderr } = await look('peers', '--mesh', 'ffww01');
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^KEY .* HANDSHAKE +MESH +SEEN +FDB\n.* TQ 251 +1 s ago +ok$/);
    const both = await look('peers', '--mesh', '--json');
    assert.deepEqual(
      [both.exitCode, both.stderr],
      [1, `wgkex: ffww02: vx${NUMBER}ffww02 is not in a mesh of batman-adv`],
    );
    assert.equal(JSON.parse(both.stdout).peers[0].mesh.tq, 251);
  });

  test('says why the mesh cannot be read', async () => {
    await rm(`${ANSWERS}/neighbors_json`);
    const { exitCode, stdout, stderr } = await look('peers', '--mesh', 'ffww01');
    assert.deepEqual(
      [exitCode, stderr],
      [1, 'wgkex: ffww01: Cannot run batctl meshif bat0 neighbors_json: Error - interface bat0 is not present'],
    );
    assert.match(stdout, / - +- +ok$/m);
  });
});

describe('wgkex check', () => {
  test('finds a router that is a neighbour sound, and names the domain outside the mesh', async () => {
    const problem = `vx${NUMBER}ffww02 is not in a mesh of batman-adv`;
    assert.deepEqual(await check(), [{ domain: 'ffww02', code: 'vxlan-outside-mesh', problem, remedy: null }]);
  });

  test('names a connected router that is not a neighbour', async () => {
    await answer({ neighbors_json: '[]', originators_json: '[]' });
    await ageRecord(gateway, 61);
    assert.deepEqual(await findCodes(), ['vxlan-outside-mesh', 'no-neighbour']);
  });

  test('names a gateway mode that is off although another gateway, or a DHCP server, is there', async () => {
    await answer({ gateways_json: '[{"orig_address":"02:62:e7:ab:01:01","tq":180,"hard_ifname":"x"}]' });
    const [, first] = await check();
    assert.deepEqual(first, {
      ...{ domain: 'ffww01', code: 'mesh-gateway-off', remedy: 'batctl meshif bat0 gw_mode server' },
      problem: 'bat0 does not announce a gateway (gw_mode off), but 1 other gateway does',
    });
    await answer({});
    const dhcp = startIn(gateway.namespace, 'nc', '-u', '-l', '-p', '67');
    await eventually('it listens', async () => (await gateway.run('ss', '-Huln')).includes(':67 '));
    const [, second] = await check();
    await answer({ mesh_json: SOUND.mesh_json.replace('"off"', '"server"') });
    const announced = await findCodes();
    await dhcp.stop();
    assert.equal(second?.problem, 'bat0 does not announce a gateway (gw_mode off), but a DHCP server runs here');
    assert.deepEqual(announced, ['vxlan-outside-mesh']);
  });

  test('says that batctl failed', async () => {
    await rm(`${ANSWERS}/mesh_json`);
    assert.deepEqual(await findCodes(), ['vxlan-outside-mesh', 'mesh-unreadable']);
  });
});

describe('without batctl', () => {
  const without = (...words: readonly string[]) => run(`rm ${SBIN}/batctl`, words);

  test('peers --mesh says so, and show and check do without', async () => {
    const peers = await without('peers', '--mesh', 'ffww01');
    assert.deepEqual([peers.exitCode, peers.stderr], [1, 'wgkex: Cannot read the mesh: there is no /usr/sbin/batctl']);
    const show = await without('show', router.key);
    assert.deepEqual([show.exitCode, show.stderr], [0, '']);
    assert.doesNotMatch(show.stdout, /mesh/);
    const { checks } = JSON.parse((await without('check', '--json')).stdout);
    const { state, findings } = checks.find((one: { check: string }) => one.check === 'mesh');
    assert.deepEqual([state, findings[0].code], ['wrong', 'vxlan-outside-mesh'], 'ip alone can tell that');
  });
});

describe('without batman-adv', () => {
  test('batctl is never run, and there is no check of the mesh', async () => {
    const honest = (...words: readonly string[]) => run(`cp ${SBIN}/ip.kernel ${SBIN}/ip`, words);
    assert.doesNotMatch((await honest('show', router.key)).stdout, /mesh/);
    assert.equal((await honest('peers', '--mesh', 'ffww01')).exitCode, 1);
    const { checks } = JSON.parse((await honest('check', '--json')).stdout);
    assert.ok(!checks.some((one: { check: string }) => one.check === 'mesh'));
    await assert.rejects(readFile(`${ANSWERS}/calls`), /ENOENT/);
  });
});

/** This kernel has no batman-adv: a bridge stands for its interface, and `ip` calls it that. */
async function makeMesh(): Promise<void> {
  await gateway.run('ip', 'link', 'add', 'bat0', 'type', 'bridge');
  await gateway.run('ip', 'link', 'set', VXLAN, 'master', 'bat0');
  await gateway.run('ip', 'link', 'set', 'bat0', 'up');
}

const IP = `#!/bin/sh
case "$*" in
  *-details*) /usr/sbin/ip.kernel "$@" | perl -pe 's/("ifname":"bat0",.*?"info_kind":")bridge"/\${1}batadv"/' ;;
  *) exec /usr/sbin/ip.kernel "$@" ;;
esac
`;
const BATCTL = `#!/bin/sh
echo "$*" >>${ANSWERS}/calls
[ "$1 $2" = "meshif bat0" ] && cat "${ANSWERS}/$3" 2>/dev/null && exit
echo 'Error - interface bat0 is not present' >&2
exit 1
`;

/** In a copy of /usr/sbin, as other gateways of this lab share the real one; other fakes may stand in front of `ip`. */
async function fakePrograms(): Promise<void> {
  await gateway.run(
    'sh',
    '-c',
    `cp -a /usr/sbin ${SBIN}; cd ${SBIN}; cp -L ip.real ip.kernel || cp -L ip ip.kernel; rm ip`,
  );
  for (const [name, text] of Object.entries({ ip: IP, batctl: BATCTL })) {
    await writeFile(`${SBIN}/${name}`, text);
    await chmod(`${SBIN}/${name}`, 0o755);
  }
}

/** What batctl answers from now on, in place of what is sound. */
async function answer(answers: Partial<typeof SOUND>): Promise<void> {
  await rm(ANSWERS, { recursive: true, force: true });
  await mkdir(ANSWERS);
  for (const [query, text] of Object.entries({ ...SOUND, ...answers }))
    await writeFile(`${ANSWERS}/${query}`, `${text}\n`);
}

/** Runs `wgkex` with a changed copy of the programs, which only this run sees. */
function run(change: string, words: readonly string[]) {
  const own = `mount -t tmpfs tmpfs /mnt && cp -a ${SBIN} /mnt/sbin && mount --bind /mnt/sbin ${SBIN}`;
  const script = `${own} && ${change} && mount --bind ${SBIN} /usr/sbin && exec wgkex "$@"`;
  return attempt(gateway.namespace, 'sh', ['-c', script, 'sh', ...words]);
}

function look(...words: readonly string[]) {
  return run('true', words);
}

interface Found {
  readonly domain: string | null;
  readonly code: string;
  readonly problem: string;
  readonly remedy: string | null;
}

/** The findings about the mesh. */
async function check(): Promise<Found[]> {
  const { checks } = JSON.parse((await look('check', '--json')).stdout);
  return checks.find((one: { check: string }) => one.check === 'mesh').findings;
}

async function findCodes(): Promise<string[]> {
  return (await check()).map(({ code }) => code);
}
