import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { version } from '../../../package.json';
import { parseConfig } from '../../../src/config/config.ts';
import { takeCensus } from '../../../src/core/fleet/census.ts';
import type { DomainNumbers } from '../../../src/core/privsep/requests.ts';
import type { DomainName } from '../../../src/core/values/names.ts';
import { Metrics } from '../../../src/listener/metrics/exporter.ts';
import { DOMAIN } from '../../core/arbitraries.ts';

const CONFIG = parseConfig(
  `[domains.ffww01]
   wireguard = "wgww01"
   vxlan = "vxww01"
   max_peers = 7
   max_pending = 3
   [domains.fftest]
   wireguard = "wgtest"
   vxlan = "vxtest"`,
  'test',
);
const FLEET = parseConfig('[mqtt]\nurl = ["mqtt://127.0.0.1"]', 'test');
const NUMBERS: DomainNumbers = {
  ...{ alive: 1, idle: 2, stale: 3, pending: 4, static: 5, entries: 20 },
  ...{ passes: 6, removals: 8, lastPass: 1_700_000_000 },
};

describe('metrics', () => {
  test('have what was counted', async () => {
    const { metrics, scrape } = start();
    metrics.connected();
    metrics.connected();
    metrics.answered(DOMAIN, 'OK', 0.004);
    metrics.answered(undefined, 'INVALID_DOMAIN', 0.2);
    metrics.handlerRestarted();
    metrics.batchServed(DOMAIN, 3);
    const found = await scrape();
    assert.equal(found.get('wgkex_connections_accepted_total'), 2);
    assert.equal(found.get('wgkex_exchanges_total{domain="ffww01",result="OK"}'), 1);
    assert.equal(found.get('wgkex_exchanges_total{domain="",result="INVALID_DOMAIN"}'), 1);
    assert.equal(found.get('wgkex_exchange_duration_seconds_count'), 2);
    assert.equal(found.get('wgkex_exchange_duration_seconds_bucket{le="0.0025"}'), 0);
    assert.equal(found.get('wgkex_exchange_duration_seconds_bucket{le="0.005"}'), 1);
    assert.equal(found.get('wgkex_handler_restarts_total'), 1);
    assert.equal(found.get('wgkex_handler_batch_exchanges_sum{domain="ffww01"}'), 3);
    assert.equal(found.get('wgkex_handler_batch_exchanges_bucket{le="2",domain="ffww01"}'), 0);
    assert.equal(found.get('wgkex_handler_batch_exchanges_bucket{le="4",domain="ffww01"}'), 1);
    metrics.configure(CONFIG);
    const after = await scrape();
    for (const [name, value] of found) if (name.startsWith('wgkex_')) assert.equal(after.get(name), value, name);
  });

  test('have the current numbers', async () => {
    const found = await start().scrape();
    assert.equal(found.get('wgkex_connections'), 42);
    assert.equal(found.get('wgkex_handler_up'), 1);
    assert.equal(found.get('wgkex_domain_up{domain="ffww01"}'), 1);
    const states = { alive: 1, idle: 2, stale: 3, pending: 4, static: 5 };
    for (const [state, count] of Object.entries(states))
      assert.equal(found.get(`wgkex_peers{domain="ffww01",state="${state}"}`), count);
    assert.equal(found.get('wgkex_forwarding_entries{domain="ffww01"}'), 20);
    assert.equal(found.get('wgkex_max_peers{domain="ffww01"}'), 7);
    assert.equal(found.get('wgkex_max_pending_peers{domain="ffww01"}'), 3);
    assert.equal(found.get('wgkex_cleanup_passes_total{domain="ffww01"}'), 6);
    assert.equal(found.get('wgkex_cleanup_removals_total{domain="ffww01"}'), 8);
    assert.equal(found.get('wgkex_cleanup_last_pass_timestamp_seconds{domain="ffww01"}'), 1_700_000_000);
    assert.equal(found.get(`wgkex_build_info{version="${version}",node="${process.versions.node}"}`), 1);
    assert.ok((found.get('process_resident_memory_bytes') ?? 0) > 1_000_000);
    for (const name of ['cpu_seconds_total', 'start_time_seconds', 'open_fds', 'max_fds'])
      assert.ok((found.get(`process_${name}`) ?? 0) > 0, name);
  });

  test('are the same at the next scrape', async () => {
    const { scrape } = start();
    await scrape();
    const [first, second] = await Promise.all([scrape(), scrape()]);
    for (const [name, value] of first) if (!name.startsWith('process_')) assert.equal(second.get(name), value, name);
    assert.equal(first.size, second.size);
  });

  test('begin with 0 for every result of an exchange, so that the first failure is an increase', async () => {
    const found = await start().scrape();
    assert.equal(found.get('wgkex_exchanges_total{domain="fftest",result="FAILED"}'), 0);
    assert.equal(found.get('wgkex_exchanges_total{domain="",result="BUSY"}'), 0);
    assert.equal(found.get('wgkex_handler_batch_exchanges_count{domain="fftest"}'), 0);
    assert.equal(found.get('wgkex_handler_restarts_total'), 0);
  });

  test('have for a domain that cannot be read only that fact and its configured limits', async () => {
    const found = await start().scrape();
    assert.equal(found.get('wgkex_domain_up{domain="fftest"}'), 0);
    const others = [...found.keys()].filter((name) => name.includes('"fftest"') && !name.includes('_exchange'));
    assert.deepEqual(others, [
      'wgkex_domain_up{domain="fftest"}',
      'wgkex_max_peers{domain="fftest"}',
      'wgkex_max_pending_peers{domain="fftest"}',
    ]);
  });

  test('wait no longer than 2 s for the handler', async () => {
    const { scrape } = start(() => new Promise(() => {}));
    const started = performance.now();
    const found = await scrape();
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds > 1.9 && seconds < 4, `${seconds} s`);
    assert.equal(found.get('wgkex_domain_up{domain="ffww01"}'), 0);
    assert.equal(found.get('wgkex_connections'), 42);
  });

  test('forget a domain that is no longer configured, except for what was counted', async () => {
    const { metrics, scrape } = start();
    metrics.answered(DOMAIN, 'OK', 0.004);
    metrics.configure(parseConfig('', 'test'));
    const names = [...(await scrape()).keys()];
    assert.deepEqual(
      names.filter((name) => /_up|peers|entries\{|cleanup/.test(name)),
      ['wgkex_handler_up'],
    );
    assert.ok(names.includes('wgkex_exchanges_total{domain="ffww01",result="OK"}'));
  });
});

test('have the fleet only while the configuration has [mqtt]', async () => {
  const { metrics, scrape } = start();
  const list = async () => [...(await scrape())].filter(([name]) => name.startsWith('wgkex_fleet_')).sort();
  metrics.fleetAnswered('gw1', 'OK', 0.1);
  assert.deepEqual(await list(), []);
  await metrics.configureFleet(FLEET);
  metrics.fleetAnswered('gw1', 'OK', 0.1);
  await metrics.configureFleet(FLEET);
  const found = new Map(await list());
  assert.equal(found.get('wgkex_fleet_connected'), 1);
  assert.equal(found.get('wgkex_fleet_gateways{domain="ffww01",state="offline"}'), 2);
  assert.equal(found.get('wgkex_fleet_exchanges_total{gateway="gw1",result="OK"}'), 1);
  assert.equal(found.get('wgkex_fleet_answer_seconds_count'), 1);
  await metrics.configureFleet(CONFIG);
  assert.deepEqual(await list(), []);
});

/** The metrics of a gateway with one domain that can be read. */
function start(findNumbers = async (domain: DomainName) => (domain === DOMAIN ? NUMBERS : null)) {
  const metrics = new Metrics({
    doors: [{ connections: 40 }, { connections: 2 }],
    handler: { isServing: true, findNumbers },
    fleet: { isUp: true, countGateways: () => new Map([['ffww01', takeCensus([], 2)]]) },
  });
  metrics.configure(CONFIG);
  const scrape = async () => {
    const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  };
  return { metrics, scrape };
}
