import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually, pause } from '../../lab/commands.ts';
import type { Told } from '../../lab/fleet.ts';
import { findPort, type Member, registerMany, requireAmong, setUp, V1 } from './scene.ts';

const LISTEN = `127.0.0.1:${findPort()}`;
const NOBODY = { online: 0, full: 0, drained: 0, silent: 0, possible: 0, offline: 0 };

test('a front counts what it asked, what it was answered, and the gateways by their state', {
  timeout: 300_000,
}, async (t) => {
  const { broker, gateways, front } = await setUp(t);
  const [gw1, gw2, gw3] = gateways;
  await measure(front);
  await becomes('all three are online', { online: 3 });
  assert.equal((await scrape()).get('wgkex_fleet_connected'), 1);

  const told = await registerMany(front, 12);
  requireAmong(told, gateways);
  for (const { id, name } of gateways)
    assert.equal(await count(id, 'OK'), told.filter(({ reply }) => reply === name).length, id);
  await registerMany(front, 1, V1);
  const timed = await scrape();
  assert.equal(timed.get('wgkex_fleet_answer_seconds_count'), 15, 'by v1 all three were asked');
  assert.equal(timed.get('wgkex_fleet_answer_seconds_bucket{le="2"}'), 15);

  gw2.reply('FULL');
  gw1.reply('silence');
  let served = 0;
  // The gateway that had more routers than the others before is asked later.
  await eventually('both were asked', async () => {
    requireAmong(await registerMany(front, 12), [gw3]);
    served += 12;
    return (await count(gw1.id, 'silence')) > 0 && (await count(gw2.id, 'FULL')) > 0;
  });
  assert.deepEqual(await listGateways(), { ...NOBODY, online: 2, silent: 1 });
  const answered = 15 + served + (await count(gw2.id, 'FULL'));
  assert.equal((await scrape()).get('wgkex_fleet_answer_seconds_count'), answered, 'silence takes no time');

  await gw2.reload({ ...gw2.settings, gateway: { weight: 0 } });
  await becomes('a gateway without weight is drained', { online: 1, silent: 1, drained: 1 });
  await gw3.process?.stop('SIGKILL');
  await becomes('a gateway that was killed is offline', { silent: 1, drained: 1, offline: 1 });
  await gw1.process?.stop();
  await becomes('a gateway that was stopped is gone', { drained: 1, offline: 1 });
  await gw3.start();
  await gw3.process?.stop();
  await gw2.process?.stop();
  await becomes('a domain without gateways is still there', {});

  await broker.stop();
  await eventually('the broker is gone', async () => (await scrape()).get('wgkex_fleet_connected') === 0);
  assert.deepEqual(await listGateways(), {});
});

test('a gateway counts itself, and without [mqtt] nothing', { timeout: 120_000 }, async (t) => {
  const { gateways } = await setUp(t);
  const [gw1] = gateways;
  await measure(gw1);
  // Until the broker has sent its states, a gateway is alone.
  await becomes('it knows itself and the others', { online: 3 });
  const told: Told[] = [];
  await eventually('it serves routers itself', async () => {
    told.push(...(await registerMany(gw1, 12)));
    return told.some(({ reply }) => reply === gw1.name);
  });
  for (const { id, name } of gateways)
    assert.equal(await count(id, 'OK'), told.filter(({ reply }) => reply === name).length, id);
  await gw1.reload({ metrics: { listen: LISTEN } });
  await registerMany(gw1, 1);
  assert.deepEqual(
    [...(await scrape()).keys()].filter((name) => name.startsWith('wgkex_fleet')),
    [],
  );
});

test('between scrapes nothing of a front runs, apart from keepalives', { timeout: 120_000 }, async (t) => {
  const { front } = await setUp(t);
  await measure(front);
  await registerMany(front, 3);
  await becomes('the gateways are counted', { online: 3 });
  await eventually('for 3 seconds it does not wake up', async () => {
    const before = countWakeups(front);
    await pause(3000);
    return countWakeups(front) === before;
  });
});

/** How often the main thread of a member went to sleep (proc(5)). */
function countWakeups({ process }: Member): string {
  const status = readFileSync(`/proc/${process?.pid}/status`, 'utf8');
  return status.match(/^voluntary_ctxt_switches:\t(\d+)$/m)?.[1] ?? assert.fail(status);
}

function measure(member: Member): Promise<void> {
  return member.reload({ ...member.settings, metrics: { listen: LISTEN } });
}

async function becomes(what: string, gateways: Partial<typeof NOBODY>): Promise<void> {
  const expected = JSON.stringify({ ...NOBODY, ...gateways });
  let found = '';
  await eventually(what, async () => {
    found = JSON.stringify(await listGateways());
    return found === expected;
  }).catch((error: Error) => assert.fail(`${error.message}: ${found}`));
}

/** The gateways of the domain by their state; empty if nothing is known. */
async function listGateways(): Promise<Record<string, number>> {
  const found = [...(await scrape())].flatMap(([name, value]) => {
    const [, state] = name.match(/^wgkex_fleet_gateways\{domain="ffww01",state="(.*)"\}$/) ?? [];
    return state === undefined ? [] : [[state, value] as const];
  });
  return Object.fromEntries(found);
}

async function count(gateway: string, result: string): Promise<number> {
  return (await scrape()).get(`wgkex_fleet_exchanges_total{gateway="${gateway}",result="${result}"}`) ?? 0;
}

async function scrape(): Promise<Map<string, number>> {
  const lines = (await (await fetch(`http://${LISTEN}/metrics`)).text()).split('\n');
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}
