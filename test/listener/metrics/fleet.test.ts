import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Census } from '../../../src/core/fleet/census.ts';
import { FleetMetrics } from '../../../src/listener/metrics/fleet.ts';

const NOBODY: Census = { online: 0, full: 0, drained: 0, silent: 0, possible: 0, offline: 0 };
const HOUR = 3_600_000;

describe('exchanges with gateways', () => {
  test('are counted by gateway and answer, and timed if there was one', async () => {
    const { metrics, scrape } = start();
    metrics.fleetAnswered('gw1', 'OK', 0.004);
    metrics.fleetAnswered('gw1', 'OK', 0.02);
    metrics.fleetAnswered('gw2', 'silence', 2);
    const found = await scrape();
    assert.equal(found.get('wgkex_fleet_exchanges_total{gateway="gw1",result="OK"}'), 2);
    assert.equal(found.get('wgkex_fleet_exchanges_total{gateway="gw2",result="silence"}'), 1);
    assert.equal(found.get('wgkex_fleet_answer_seconds_count'), 2);
    assert.equal(found.get('wgkex_fleet_answer_seconds_bucket{le="0.005"}'), 1);
  });

  test('begin with 0 for every answer of a gateway that was asked, so that its first failure is an increase', async () => {
    const { metrics, scrape } = start();
    assert.deepEqual(listGateways(await scrape()), []);
    metrics.fleetAnswered('gw1', 'OK', 0.004);
    const found = await scrape();
    for (const result of ['silence', 'FAILED', 'FULL'])
      assert.equal(found.get(`wgkex_fleet_exchanges_total{gateway="gw1",result="${result}"}`), 0, result);
  });

  test('have a name for 256 gateways; those beyond are counted together', async () => {
    const { metrics, scrape } = start();
    for (let round = 0; round < 2; round++)
      for (let number = 0; number < 300; number++) metrics.fleetAnswered(`gw${number}`, 'OK', 0.004);
    const found = await scrape();
    assert.equal(listGateways(found).length, 257);
    assert.equal(found.get('wgkex_fleet_exchanges_total{gateway="gw255",result="OK"}'), 2);
    assert.equal(found.get('wgkex_fleet_exchanges_total{gateway="",result="OK"}'), 2 * 44);
  });

  test('may be with a gateway whose id has a meaning in the format', async () => {
    const { metrics, scrape } = start();
    metrics.fleetAnswered('a"}\\', 'OK', 0.004);
    assert.equal((await scrape()).get('wgkex_fleet_exchanges_total{gateway="a\\"}\\\\",result="OK"}'), 1);
  });
});

describe('gateways', () => {
  test('are counted by domain and state at each scrape', async () => {
    const { fleet, scrape } = start();
    fleet.domains.set('ffww01', { ...NOBODY, online: 3, silent: 1 });
    assert.deepEqual(await scrapeDomain(scrape, 'ffww01'), { ...NOBODY, online: 3, silent: 1 });
    fleet.domains.set('ffww01', { ...NOBODY, drained: 2 });
    assert.deepEqual(await scrapeDomain(scrape, 'ffww01'), { ...NOBODY, drained: 2 });
  });

  test('are unknown without the broker', async () => {
    const { fleet, scrape } = start();
    fleet.domains.set('ffww01', { ...NOBODY, online: 1 });
    assert.equal((await scrape()).get('wgkex_fleet_connected'), 1);
    fleet.isUp = false;
    const found = await scrape();
    assert.equal(found.get('wgkex_fleet_connected'), 0);
    assert.deepEqual(
      [...found.keys()].filter((name) => name.startsWith('wgkex_fleet_gateways')),
      [],
    );
  });

  test('of a domain are 0 for a day after the last one stopped', async () => {
    const { fleet, scrape } = start();
    fleet.domains.set('ffww01', { ...NOBODY, online: 1 });
    await scrape(0);
    await scrape(HOUR);
    fleet.domains.clear();
    assert.deepEqual(await scrapeDomain(scrape, 'ffww01', 25 * HOUR - 1), NOBODY);
    assert.deepEqual(await scrapeDomain(scrape, 'ffww01', 25 * HOUR), {});
  });

  test('have a name for 256 domains; those beyond are counted together until there is room', async () => {
    const { fleet, scrape } = start();
    for (let number = 0; number < 300; number++) fleet.domains.set(`ff${number}`, { ...NOBODY, online: 2 });
    await scrape();
    const found = await scrape();
    const online = [...found.keys()].filter((name) => name.endsWith('state="online"}'));
    assert.equal(online.length, 257);
    assert.deepEqual(await scrapeDomain(scrape, ''), { ...NOBODY, online: 2 * 44 });
    for (let number = 0; number < 100; number++) fleet.domains.delete(`ff${number}`);
    await scrape(24 * HOUR);
    assert.deepEqual(await scrapeDomain(scrape, '', 24 * HOUR), {});
    assert.deepEqual(await scrapeDomain(scrape, 'ff299', 24 * HOUR), { ...NOBODY, online: 2 });
  });
});

type Scrape = (now?: number) => Promise<Map<string, number>>;

async function scrapeDomain(scrape: Scrape, domain: string, now = 0): Promise<Record<string, number>> {
  const start = `wgkex_fleet_gateways{domain="${domain}",state="`;
  const found = [...(await scrape(now))].filter(([name]) => name.startsWith(start));
  return Object.fromEntries(found.map(([name, value]) => [name.slice(start.length, -2), value]));
}

function listGateways(found: ReadonlyMap<string, number>): string[] {
  const names = [...found.keys()].flatMap((name) => name.match(/_exchanges_total\{gateway="(.*)",/)?.[1] ?? []);
  return [...new Set(names)];
}

function start() {
  const metrics = new FleetMetrics();
  const fleet = {
    isUp: true,
    domains: new Map<string, Census>(),
    countGateways() {
      return this.domains;
    },
  };
  const scrape: Scrape = async (now = 0) => {
    const lines = (await metrics.render(fleet, now)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  };
  return { metrics, fleet, scrape };
}
