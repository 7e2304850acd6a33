import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Broker } from '../../lab/broker.ts';
import { exchange, makeKey, send } from '../../lab/client.ts';
import { attempt, eventually, pause } from '../../lab/commands.ts';
import { drawContactSheet, listSeries, type Plot } from '../../lab/contact-sheet.ts';
import { type Panel, readDashboard, replaceVariables } from '../../lab/dashboard.ts';
import { getAsFirmware, postAsFirmware } from '../../lab/firmware.ts';
import { EXCHANGE_PORT, Gateway, HTTP_PORT } from '../../lab/gateway.ts';
import { connect, makeKeyPair } from '../../lab/operator.ts';
import { Prometheus, SCRAPE_SECONDS, type Series } from '../../lab/prometheus.ts';

/** For people to look at; no test reads it. */
const SHEET = fileURLToPath(new URL('../../build/dashboard/sheet.svg', import.meta.url));
const METRICS_PORT = 9586;
const PROMETHEUS_PORT = 19_091;
const BROKER_PORT = 1891;
const ROUNDS = 16;
/** Grafana's: four scrapes. */
const RATE_INTERVAL = `${4 * SCRAPE_SECONDS}s`;

const PLOTS: Plot[] = [];
let broker: Broker;
let gateway: Gateway;
let prometheus: Prometheus;

before(async () => {
  broker = await Broker.start(BROKER_PORT);
  gateway = await Gateway.create(86, [{ name: 'ffww01' }, { name: 'ffmuc_welt', settings: { max_pending: 100 } }]);
  const listen = `${gateway.address}:${METRICS_PORT}`;
  await gateway.configure(settings(1));
  await gateway.start();
  const rules = '/usr/share/wgkex/alerts.yml';
  prometheus = await Prometheus.start(listen, rules, PROMETHEUS_PORT);
  const since = Date.now() / 1000;
  await eventually('Prometheus scrapes', async () => (await prometheus.count('up', 'job'))['wgkex'] === 1);
  await eventually('the gateway is in the fleet', () => isFleet('online'));
  await beBusy();
  await gateway.reload(settings(0));
  await eventually('the gateway is drained', () => isFleet('drained'));
  await eventually('Prometheus has seen the last of it', async () => {
    const failed = await prometheus.count('wgkex_exchanges_total{result="FAILED"}', 'domain');
    const down = await prometheus.count('wgkex_domain_up == bool 0', 'domain');
    return failed['ffmuc_welt'] === 1 && down['ffmuc_welt'] === 1;
  });
  await pause(2 * SCRAPE_SECONDS * 1000);
  for (const panel of readDashboard().panels) PLOTS.push({ panel, results: await query(panel, since) });
  await mkdir(new URL('.', `file://${SHEET}`), { recursive: true });
  await writeFile(SHEET, drawContactSheet(PLOTS));
});
after(async () => {
  await prometheus.stop();
  await gateway.close();
  await broker.close();
});

describe('each panel of the dashboard', () => {
  test('has data for each of its queries, and not only zeros: everything that it shows has happened', () => {
    assert.ok(PLOTS.length > 15);
    const empty = PLOTS.flatMap(({ panel, results }) =>
      panel.targets.map(({ expr }, index) => `${panel.title}: ${judge(results[index])} for ${expr}`),
    ).filter((line) => !line.includes(': data for '));
    assert.deepEqual(empty, []);
  });

  test('has a name of its own for each of its series', () => {
    for (const plot of PLOTS.filter(({ panel }) => panel.type === 'timeseries')) {
      const names = listSeries(plot).map(({ name }) => name);
      assert.equal(new Set(names).size, names.length, `${plot.panel.title}: ${names.join(', ')}`);
    }
  });

  test('has one number where it shows one', () => {
    for (const { panel, results } of PLOTS.filter(({ panel }) => panel.type === 'stat'))
      assert.deepEqual([panel.title, results.flat().length], [panel.title, 1]);
  });
});

describe('the dashboard', () => {
  test('shows what happened', () => {
    const last = (title: string) => findPlot(title).results[0]?.[0]?.points.at(-1)?.[1] ?? Number.NaN;
    assert.equal(last('Domains can be read'), 0, 'one of them is gone');
    assert.equal(last('Handler serves'), 1);
    // On a busy machine the first are silent again when the last ones come.
    const alive = findPlot('Routers alive').results[0]?.[0]?.points ?? [];
    assert.ok(alive.some(([, number]) => number >= 3 && number <= 4));
    assert.ok(last('Failed in the last hour') >= 1);
    assert.ok(last('Last cleanup') > 0);
  });

  test('shows the fleet in a row that is collapsed, so that nobody without one sees empty panels', () => {
    const { rows, panels } = readDashboard();
    const ofFleet = panels.filter(({ targets }) => targets.some(({ expr }) => expr.includes('wgkex_fleet_')));
    assert.ok(ofFleet.length >= 5);
    assert.deepEqual(
      rows.filter(({ collapsed }) => collapsed).flatMap((row) => row.panels),
      ofFleet,
    );
  });

  test('has panels that do not overlap', () => {
    const places = [...PLOTS.map(({ panel }) => panel), ...readDashboard().rows];
    const taken = places.flatMap(({ gridPos }) =>
      Array.from({ length: gridPos.w * gridPos.h }, (_, index) => {
        const [column, row] = [gridPos.x + (index % gridPos.w), gridPos.y + Math.floor(index / gridPos.w)];
        assert.ok(column < 24);
        return `${column} ${row}`;
      }),
    );
    assert.equal(new Set(taken).size, taken.length);
  });
});

function settings(weight: number) {
  return {
    metrics: { listen: `${gateway.address}:${METRICS_PORT}` },
    cleanup: { second_look_seconds: 0 },
    gateway: { name: 'gw1.example.org', weight },
    mqtt: { url: [`mqtt://${gateway.segment.ipv4('0.2')}:${BROKER_PORT}`], id: 'gw1' },
    http: { listen: [`${gateway.address}:${HTTP_PORT}`] },
    limits: { exchanges_per_source_burst: 10_000 },
  };
}

/** Whether the only gateway is in this state, as Prometheus sees it. */
async function isFleet(state: string): Promise<boolean> {
  return (await prometheus.count(`wgkex_fleet_gateways{state="${state}"}`, 'domain'))['ffww01'] === 1;
}

function judge(series: readonly Series[] = []): 'no data' | 'only zeros' | 'data' {
  const values = series.flatMap(({ points }) => points.map(([, value]) => value));
  if (values.length === 0) return 'no data';
  return values.every((value) => value === 0) ? 'only zeros' : 'data';
}

/** Everything that a gateway can go through. */
async function beBusy(): Promise<void> {
  // The others are gone in milliseconds; this one waits until a scrape has seen it.
  const slow = createConnection(EXCHANGE_PORT, gateway.address).on('error', () => {});
  const routers = Array.from({ length: 4 }, (_, index) => makeKeyPair(`dashboard: ${index}`));
  for (let round = 0; round < ROUNDS; round++) {
    const crowd = Array.from({ length: 1 + (round % 4) }, () => exchange(gateway.address, 'ffww01', makeKey()));
    await Promise.all([...crowd, exchange(gateway.address, 'ffmuc_welt', makeKey())]);
    await misbehave();
    await comeByHttp();
    const router = routers[round];
    if (router !== undefined) {
      await exchange(gateway.address, 'ffww01', router.publicKey);
      await connect(gateway, router);
    }
    if (round % 4 === 3) for (const domain of ['ffww01', 'ffmuc_welt']) await gateway.cleanUp(domain);
    if (round === 8) await killHandler();
    await pause(500);
  }
  slow.destroy();
  await gateway.removeInterfaces('ffmuc_welt');
  assert.equal(await exchange(gateway.address, 'ffmuc_welt', makeKey()), 'ERR: FAILED\n');
}

async function misbehave(): Promise<void> {
  assert.equal(await exchange(gateway.address, 'nowhere', makeKey()), 'ERR: INVALID_DOMAIN\n');
  assert.equal(await send(gateway.address, ['ffww01\nkey\n']), 'ERR: INVALID_WGKEY\n');
}

async function comeByHttp(): Promise<void> {
  const address = { host: gateway.address, port: HTTP_PORT };
  await getAsFirmware({ ...address, path: '/' });
  await postAsFirmware({ ...address, path: '/api/v1/wg/key/exchange' }, { domain: 'ffww01', public_key: makeKey() });
}

async function killHandler(): Promise<void> {
  for (const pid of await gateway.findHandlers()) await attempt(gateway.namespace, 'kill', ['-KILL', String(pid)]);
  await eventually('another handler serves', async () => {
    return (await exchange(gateway.address, 'ffww01', makeKey())) === 'OK\n';
  });
}

function query(panel: Panel, since: number): Promise<Plot['results']> {
  return Promise.all(
    panel.targets.map(({ expr }) => prometheus.queryRange(replaceVariables(expr, RATE_INTERVAL), since)),
  );
}

function findPlot(title: string): Plot {
  const plot = PLOTS.find(({ panel }) => panel.title === title);
  assert.ok(plot !== undefined, title);
  return plot;
}
