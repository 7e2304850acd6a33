import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Broker } from '../../lab/broker.ts';
import { attempt, eventually } from '../../lab/commands.ts';
import { LabFleet, nameOf } from '../../lab/fleet.ts';
import { TheirWorker } from '../../lab/freifunkmuc/worker.ts';
import { AS_WGKEX, type Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { look, lookUp } from '../../lab/operator.ts';

const WEIGHTS = [1, 3];
const WORKER = 'gw04.in.example';

let fleet: LabFleet;
let first: Gateway;
let second: Gateway;
let front: Gateway;

before(async () => {
  fleet = await LabFleet.create(await Broker.start(1891), [95, 96], [97], WEIGHTS);
  [first, second] = fleet.gateways as [Gateway, Gateway];
  [front] = fleet.fronts as [Gateway];
});
after(() => fleet.close());

describe('wgkex fleet', { timeout: 600_000 }, () => {
  test('lists the gateways with their weights, and the front without domains', async () => {
    const { exitCode, stdout, stderr } = await look(first, ['fleet'], { columns: 120 });
    assert.deepEqual([exitCode, stderr], [0, '']);
    const [head = '', one = '', other = ''] = stdout.split('\n');
    assert.match(head, /^DOMAIN +GATEWAY +STATE +SINCE +ALIVE +SHARE +AIM +WEIGHT +KEYS +LOCATION +VERSION +NAME$/);
    assert.match(one, /^ffww01 +gw95 +online +\d+ s +0 +- +25 % +1 +\d+ of 2000 +- +\d\S* +gw95\.example\.org$/);
    assert.match(other, /^ffww01 +gw96 +online +\d+ s +0 +- +75 % +3 /);
    assert.match(stdout, /^Broker: 10\.95\.0\.2:1891$/m);
    assert.match(stdout, /^Without domains: gw97$/m);
    assert.match(stdout, /Nothing needs attention\.$/);
  });

  test('is the same for a front, and as JSON', async () => {
    const { exitCode, document } = await lookUp(front, ['fleet']);
    assert.equal(exitCode, 0);
    assert.deepEqual([document.sound, document.others], [true, [{ gateway: 'gw97', online: true }]]);
    const [{ public_key, sent_at, since, peers, version, ...one }] = document.gateways;
    assert.deepEqual(one, {
      ...{ gateway: 'gw95', domain: 'ffww01', state: 'online', name: nameOf(first), weight: 1 },
      ...{ share: null, aim: 0.25, location: null, alive: 0, max_peers: 2000 },
      ...{ port: first.wireguardPort(), link_address: 'fe80::1', names: [] },
    });
    assert.equal(public_key, await first.publicKey());
    assert.ok(sent_at >= since && since > 1_700_000_000 && peers >= 0);
    assert.match(version, /^\d+\.\d+\.\d+$/);
  });

  test('needs a fleet', async () => {
    await second.configure();
    const { exitCode, stderr } = await look(second, ['fleet']);
    await second.configure(fleet.settingsOf(second, { gateway: { weight: 3 } }));
    assert.deepEqual(
      [exitCode, stderr],
      [1, 'wgkex: Cannot find a fleet: there is no [mqtt] in /etc/wgkex/wgkex.toml'],
    );
  });
});

describe('wgkex fleet drain', { timeout: 600_000 }, () => {
  test('keeps new routers away until undrain, also over a restart, and says so', async () => {
    const { exitCode, stdout } = await look(second, ['fleet', 'drain']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^This gateway gets no new routers by v2; see wgkex fleet undrain\./);
    await second.listener?.stop();
    await second.start('"mqtt connected"');
    await eventually('the front knows', async () => (await fleet.readStates(front))['gw96'] === 'drained');
    await requireAll(nameOf(first));
    const again = await lookUp(second, ['fleet', 'drain']);
    assert.deepEqual(again.document, { drained: true, changed: false });
    assert.match(
      (await look(second, ['status'], { columns: 200 })).stdout,
      /^Fleet: 2 of 2 gateways are online; .*; this gateway is drained\.$/ms,
    );
    assert.deepEqual((await lookUp(second, ['status'])).document.fleet, {
      ...{ gateways: 2, online: 2, unacknowledged: 0, drained: true },
    });

    assert.deepEqual((await lookUp(second, ['fleet', 'undrain'])).document, { drained: false, changed: true });
    await second.reload(fleet.settingsOf(second, { gateway: { weight: 3 } }));
    await eventually('the front knows', async () => (await fleet.readStates(front))['gw96'] === 'online');
    await fleet.settle();
    assert.match((await look(second, ['fleet', 'undrain'])).stdout, /^This gateway was not drained\./);
  });

  test('is for root', { skip: IS_ROOT_ALONE && 'SKIPPED: there is no other user here' }, async () => {
    const asUser = [...AS_WGKEX.slice(1), 'wgkex', 'fleet', 'drain'];
    const { exitCode, stderr } = await attempt(first.namespace, 'setpriv', asUser);
    assert.deepEqual([exitCode, stderr], [2, 'wgkex: it must be run as root; try wgkex --help']);
  });
});

describe('a gateway that is killed', { timeout: 600_000 }, () => {
  test('is offline for wgkex fleet, which then has exit status 1', async () => {
    await second.listener?.stop('SIGKILL');
    await eventually('its will is there', async () => (await fleet.readStates(front))['gw96'] === 'offline');
    const { exitCode, stdout } = await look(first, ['fleet']);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^Needs attention:\n {2}ffww01: gw96 is offline$/m);
    await second.start('"mqtt connected"');
    await eventually('it is back', async () => (await fleet.readStates(front))['gw96'] === 'online');
  });
});

describe('wgkex check', { timeout: 600_000 }, () => {
  test('finds nothing wrong with a gateway and a front that take part', async () => {
    for (const member of [first, front]) assert.deepEqual(await check(member), []);
  });

  test('finds another machine with the same id', async () => {
    await second.reload(fleet.settingsOf(second, { mqtt: { id: 'gw95' } }));
    await eventually('they notice', () => first.listener?.stderr.includes('another machine has the id') === true);
    assert.ok((await check(first)).includes('fleet-id-twice'));
    await second.reload(fleet.settingsOf(second, { gateway: { weight: 3 } }));
    await eventually('they are apart', async () => (await fleet.readStates(front))['gw96'] === 'online');
  });

  test('finds that a gateway takes no part, and that its broker is gone', async () => {
    await second.listener?.stop();
    assert.deepEqual(await check(second), ['fleet-not-joined']);
    const stopped = await lookUp(first, ['fleet']);
    assert.deepEqual(
      stopped.document.others.find(({ gateway }: { gateway: string }) => gateway === 'gw96'),
      {
        ...{ gateway: 'gw96', online: false },
      },
    );
    await second.start('"mqtt connected"');
    await fleet.broker.stop();
    assert.deepEqual(await check(first), ['broker-unreachable']);
    const { exitCode, stdout } = await look(first, ['status'], { columns: 200 });
    assert.equal(exitCode, 1);
    assert.match(stdout, /^Fleet: unknown\.$/m);
    assert.match(stdout, /Cannot ask the broker 10\.95\.0\.2:1891: .*; each gateway serves only its own domains$/m);
    const unknown = await look(first, ['fleet']);
    assert.equal(unknown.exitCode, 1);
    assert.match(unknown.stderr, /^wgkex: Cannot ask the broker 10\.95\.0\.2:1891: .*ECONNREFUSED.*$/);
    await fleet.broker.start();
    await eventually('all are back', async () => (await look(first, ['fleet'])).exitCode === 0);
  });

  test('finds what would end a worker of freifunkMUC', async (t) => {
    await second.reload(fleet.settingsOf(second, { gateway: { weight: 3 }, mqtt: { workers: { [WORKER]: {} } } }));
    assert.deepEqual(await check(second), ['worker-absent']);
    const worker = await TheirWorker.start(fleet.broker.port, { name: WORKER, domains: ['ffww-1'], prefix: 'ffww' });
    t.after(() => worker.stop());
    assert.deepEqual(await check(second), ['worker-domain']);
  });
});

/** The codes of what the check of the fleet finds. */
async function check(member: Gateway): Promise<string[]> {
  const { document } = await lookUp(member, ['check']);
  const part: { findings: { code: string }[] } = document.checks.find(
    (one: { check: string }) => one.check === 'fleet',
  );
  return part.findings.map(({ code }) => code);
}

/** Some routers that ask the front by v2 all get this gateway. */
async function requireAll(name: string): Promise<void> {
  const told = await Promise.all(Array.from({ length: 6 }, () => fleet.registerPatiently(front)));
  assert.deepEqual(new Set(told.map(({ reply }) => reply)), new Set([name]));
  await fleet.requireHonest(told);
}
