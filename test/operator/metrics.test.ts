import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect as connectTo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { execa } from 'execa';
import { Broker } from '../../lab/broker.ts';
import { exchange, makeKey, send } from '../../lab/client.ts';
import { eventually, pause } from '../../lab/commands.ts';
import { readDashboard, replaceVariables } from '../../lab/dashboard.ts';
import { getAsFirmware, postAsFirmware } from '../../lab/firmware.ts';
import { V2 } from '../../lab/fleet.ts';
import { Gateway, HTTP_PORT } from '../../lab/gateway.ts';
import { connect, makeKeyPair } from '../../lab/operator.ts';
import { PROMTOOL, Prometheus } from '../../lab/prometheus.ts';
import { version } from '../../package.json';

const RULES = '/usr/share/wgkex/alerts.yml';
const PORT = 9586;
const BROKER_PORT = 1892;
const [ALIVE, STATIC] = [makeKeyPair('alive'), makeKeyPair('static')];
/** Fewer connections than a source may have open; one of them by HTTP, through the fleet. */
const CROWD = 15;
/** In seconds since 1970. */
const STARTED = Math.floor(Date.now() / 1000);
const IS_ONLINE = /^wgkex_fleet_gateways\{domain="ffmuc_welt",state="online"\} 1$/m;
const IS_UP = /^wgkex_domain_up\{domain="ffww01"\} 1$/m;

let broker: Broker;
let gateway: Gateway;
let prometheus: Prometheus;
let listen: string;
const settings = () => ({
  metrics: { listen },
  cleanup: { second_look_seconds: 0 },
  http: { listen: [`${gateway.address}:${HTTP_PORT}`] },
});

before(async () => {
  broker = await Broker.start(BROKER_PORT);
  gateway = await Gateway.create(38, [{ name: 'ffww01' }, { name: 'ffmuc_welt', settings: { max_pending: 20 } }]);
  listen = `${gateway.address}:${PORT}`;
  const url = [`mqtt://${gateway.segment.ipv4('0.2')}:${BROKER_PORT}`];
  await gateway.configure({ ...settings(), gateway: { name: 'gw1.example.org' }, mqtt: { url, id: 'gw1' } });
  await gateway.start();
  await getAsFirmware({ host: gateway.address, port: HTTP_PORT, path: '/' });
  prometheus = await Prometheus.start(listen, RULES);
});
after(async () => {
  await prometheus.stop();
  await gateway.close();
  await broker.close();
});

describe('Prometheus', () => {
  before(async () => {
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', STATIC.publicKey, 'allowed-ips', '192.0.2.0/24');
    await pause(1000);
    const [first, second] = [makeKey(), makeKey()];
    for (const key of [ALIVE.publicKey, first, second])
      assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    await connect(gateway, ALIVE);
    for (let pass = 0; pass < 3; pass++) assert.equal((await gateway.cleanUp('ffww01')).exitCode, 0);
    assert.equal(await exchange(gateway.address, 'ffww01', first), 'OK\n');
    assert.equal(await exchange(gateway.address, 'ffww01', STATIC.publicKey), 'ERR: PROHIBITED_WGKEY\n');
    assert.equal(await exchange(gateway.address, 'nowhere', first), 'ERR: INVALID_DOMAIN\n');
    assert.equal(await send(gateway.address, ['ffww01\nkey\n']), 'ERR: INVALID_WGKEY\n');
    const crowd = Array.from({ length: CROWD - 1 }, () => exchange(gateway.address, 'ffmuc_welt', makeKey()));
    assert.deepEqual(new Set(await Promise.all(crowd)), new Set(['OK\n']));
    await eventually('the gateway knows itself', async () => IS_ONLINE.test(await scrape()));
    const router = { domain: 'ffmuc_welt', public_key: makeKey() };
    await postAsFirmware({ host: gateway.address, port: HTTP_PORT, path: V2 }, router);
    // Prometheus begins to scrape some seconds after its start; a rate takes two scrapes.
    await eventually('Prometheus has seen all, more than once', async () => {
      const { ffmuc_welt } = await prometheus.count('wgkex_peers{state="pending"}', 'domain');
      const { wgkex = 0 } = await prometheus.count('count_over_time(up[1m])', 'job');
      return ffmuc_welt === CROWD && wgkex > 2;
    });
  });

  const COUNTED: readonly (readonly [expression: string, labels: readonly string[], counts: Record<string, number>])[] =
    [
      [
        'wgkex_exchanges_total',
        ['domain', 'result'],
        {
          'ffww01 OK': 4,
          'ffww01 PROHIBITED_WGKEY': 1,
          'ffmuc_welt OK': CROWD,
          INVALID_DOMAIN: 1,
          INVALID_WGKEY: 1,
        },
      ],
      ['wgkex_exchange_duration_seconds_count', [], { '': CROWD + 7 }],
      ['wgkex_exchange_duration_seconds_bucket{le="10"}', [], { '': CROWD + 7 }],
      // One more was for HTTP.
      ['wgkex_connections_accepted_total', [], { '': CROWD + 8 }],
      ['wgkex_connections', [], {}],
      ['wgkex_handler_batch_exchanges_sum', ['domain'], { ffww01: 5, ffmuc_welt: CROWD }],
      ['wgkex_handler_up', ['job'], { wgkex: 1 }],
      ['wgkex_handler_restarts_total', [], {}],
      ['wgkex_domain_up', ['domain'], { ffww01: 1, ffmuc_welt: 1 }],
      [
        'wgkex_peers',
        ['domain', 'state'],
        { 'ffww01 alive': 1, 'ffww01 pending': 1, 'ffww01 static': 1, 'ffmuc_welt pending': CROWD },
      ],
      ['wgkex_max_peers', ['domain'], { ffww01: 2000, ffmuc_welt: 2000 }],
      ['wgkex_max_pending_peers', ['domain'], { ffww01: 1000, ffmuc_welt: 20 }],
      ['wgkex_forwarding_entries', ['domain'], { ffww01: 4, ffmuc_welt: 2 * CROWD }],
      ['wgkex_cleanup_passes_total', ['domain'], { ffww01: 3 }],
      ['wgkex_cleanup_removals_total', ['domain'], { ffww01: 2 }],
      [`wgkex_cleanup_last_pass_timestamp_seconds >= bool ${STARTED}`, ['domain'], { ffww01: 1 }],
      ['wgkex_fleet_connected', ['job'], { wgkex: 1 }],
      ['wgkex_fleet_gateways', ['domain', 'state'], { 'ffww01 online': 1, 'ffmuc_welt online': 1 }],
      ['wgkex_fleet_exchanges_total', ['gateway', 'result'], { 'gw1 OK': 1 }],
      ['wgkex_fleet_answer_seconds_count', [], { '': 1 }],
      ['wgkex_build_info', ['version', 'node'], { [`${version} ${process.versions.node}`]: 1 }],
      ['process_resident_memory_bytes > bool 1e6', ['job'], { wgkex: 1 }],
      ['ALERTS', ['alertname', 'domain', 'alertstate'], { 'WgkexCleanupOverdue ffmuc_welt pending': 1 }],
    ];
  for (const [expression, labels, counts] of COUNTED) {
    test(`has the numbers of a real run: ${expression}`, async () => {
      const seen = await lookUntil(
        () => prometheus.count(expression, ...labels),
        (found) => isDeepStrictEqual(found, counts),
      );
      assert.deepEqual(seen, counts);
    });
  }

  test('counts at most as many batches as there were routers', async () => {
    const { ffmuc_welt = 0 } = await lookUntil(
      () => prometheus.count('wgkex_handler_batch_exchanges_count', 'domain'),
      (counts) => counts['ffmuc_welt'] !== undefined,
    );
    assert.ok(ffmuc_welt > 0 && ffmuc_welt <= CROWD, `${ffmuc_welt} batches`);
  });

  test('finds nothing wrong with names, units and help', async () => {
    const text = await scrape();
    const { exitCode, stdout, stderr } = await execa(PROMTOOL, ['check', 'metrics'], { input: text, reject: false });
    assert.deepEqual([exitCode, stdout, stderr], [0, '', '']);
  });

  test('gets neither keys nor addresses', async () => {
    const text = await scrape();
    assert.doesNotMatch(text, /[A-Za-z0-9+/]{42}[A-Za-z0-9+/]=/);
    assert.doesNotMatch(text, /fe80|10\.38\./);
  });

  test('has loaded the alert rules that were installed, and evaluates each', async () => {
    await eventually('the rules were evaluated', async () =>
      (await prometheus.findRules()).every(({ health }) => health !== 'unknown'),
    );
    const rules = await prometheus.findRules();
    assert.deepEqual(new Set(rules.map(({ health }) => health)), new Set(['ok']));
    assert.ok(rules.length >= 11);
    for (const { name, query } of rules) await requireKnownNames(name, query);
  });

  test('finds something for each panel of the dashboard', async () => {
    const { panels, templating } = readDashboard();
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const expression = replaceVariables(expr, '1m');
        await requireKnownNames(title, expression);
        const samples = await lookUntil(
          () => prometheus.query(expression),
          ({ length }) => length > 0,
        );
        assert.notDeepEqual(samples, [], `${title}: ${expression}`);
      }
    }
    const variables = templating.list.map(({ definition }) => definition).filter(Boolean);
    assert.equal(variables.length, 2);
    for (const definition of variables) {
      const [, selector = '', label = ''] = definition?.match(/^label_values\((.*), (\w+)\)$/) ?? [];
      const counts = await lookUntil(
        () => prometheus.count(replaceVariables(selector, '1m'), label),
        (found) => !isDeepStrictEqual(found, {}),
      );
      assert.notDeepEqual(counts, {}, definition);
    }
  });
});

describe('a scraper', () => {
  test('gets the numbers of the listener while the handler hangs, without delaying routers', async () => {
    await gateway.reload(settings());
    const handler = await findOnlyHandler();
    process.kill(handler, 'SIGSTOP');
    await handlerIsSilent();
    const started = performance.now();
    const text = await scrape();
    assert.ok(performance.now() - started > 1900, 'the scrape has waited for the handler');
    assert.match(text, /^wgkex_domain_up\{domain="ffww01"\} 0$/m);
    assert.match(text, /^wgkex_exchanges_total\{domain="ffww01",result="OK"\} 4$/m);
    assert.doesNotMatch(text, /^wgkex_peers\{/m);
    process.kill(handler, 'SIGCONT');
    await eventually('the handler answers again', async () => /^wgkex_peers\{/m.test(await scrape()));
    assert.deepEqual(await gateway.findHandlers(), [handler], 'the same one');
  });

  test('gets an answer while the handler is killed, and the restart is counted', async () => {
    const before = readCounter(await scrape(), 'wgkex_handler_restarts_total');
    const handler = await findOnlyHandler();
    process.kill(handler, 'SIGSTOP');
    await handlerIsSilent();
    const waiting = scrape();
    await pause(200);
    process.kill(handler, 'SIGKILL');
    assert.match(await waiting, /^wgkex_domain_up\{domain="ffww01"\} 0$/m);
    await eventually('another handler serves', async () => {
      const text = await scrape();
      return /^wgkex_domain_up\{domain="ffww01"\} 1$/m.test(text) && /^wgkex_handler_up 1$/m.test(text);
    });
    assert.equal(readCounter(await scrape(), 'wgkex_handler_restarts_total'), before + 1);
  });

  test('gets a domain without interfaces as down, and the others as before', async () => {
    await gateway.removeInterfaces('ffmuc_welt');
    await gateway.reload(settings());
    const text = await scrapeInTime();
    assert.match(text, /^wgkex_domain_up\{domain="ffmuc_welt"\} 0$/m);
    assert.match(text, /^wgkex_domain_up\{domain="ffww01"\} 1$/m);
    assert.match(text, /^wgkex_peers\{domain="ffww01",state="static"\} 1$/m);
  });

  test('is not held up by fifty clients that are slow or send nonsense, and neither is a router or a reload', async (t) => {
    const words = ['', 'GET /met', 'GET /metrics HTTP/1.1\r\nX: ', `ffww01\n${ALIVE.publicKey}\n`, '\x16\x03\x01'];
    const others = Array.from({ length: 50 }, (_, index) => {
      const other = connectTo({ host: gateway.address, port: PORT });
      other.on('error', () => {});
      other.write(words[index % words.length] ?? '', 'latin1');
      t.after(() => other.destroy());
      return other;
    });
    await eventually('all have connected', () => others.every(({ connecting }) => !connecting));
    assert.match(await scrapeInTime(), IS_UP);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    await gateway.reload(settings());
    assert.match(await scrapeInTime(), IS_UP);
  });

  test('finds no port if metrics were turned off, and another port if they were moved', async () => {
    await gateway.reload({});
    await eventually('nobody listens', async () => (await attemptScrape()) === undefined);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    listen = `${gateway.address}:${PORT + 1}`;
    await gateway.reload(settings());
    await eventually('metrics are elsewhere', async () => (await attemptScrape()) !== undefined);
    assert.match(await scrape(), /^wgkex_exchanges_total\{domain="ffww01",result="OK"\} 0$/m);
  });

  test('finds no metrics if the port is taken; exchanges go on, and one line says so', async () => {
    const printed = gateway.listener?.stderr.length ?? 0;
    await gateway.reload({ metrics: { listen: `${gateway.address}:10012` } });
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    const lines = (gateway.listener?.stderr.slice(printed) ?? '')
      .split('\n')
      .filter((line) => line.includes('metrics unavailable'));
    assert.equal(lines.length, 1);
    const { level, msg, reason } = JSON.parse(lines[0] ?? '');
    assert.deepEqual(
      [level, msg, reason],
      [50, 'metrics unavailable', `Cannot listen on ${gateway.address}:10012: EADDRINUSE`],
    );
    await gateway.reload(settings());
  });
});

test('between scrapes nothing runs', async () => {
  await eventually('the metrics are there', async () => (await attemptScrape()) !== undefined);
  const pids = [gateway.listener?.pid ?? 0, await findOnlyHandler()];
  await eventually(
    'for a second neither listener nor handler wakes up',
    async () => {
      const before = await Promise.all(pids.map(countWakeups));
      await pause(1000);
      return String(await Promise.all(pids.map(countWakeups))) === String(before);
    },
    30,
  );
});

test('a handler without metrics ends at a request for numbers, one with metrics answers it', async () => {
  const request = '{"type":"numbers","id":1,"domain":"ffww01"}\n';
  await gateway.configure({});
  const without = await gateway.handle(request);
  assert.deepEqual([without.exitCode, without.stdout], [1, '{"type":"ready","answers":["exchange"]}']);
  await gateway.configure(settings());
  const withThem = await gateway.handle(`${request}{"type":"numbers","id":2,"domain":"nowhere"}\n`);
  const [greeting, ...replies] = withThem.stdout.split('\n').map((line) => JSON.parse(line));
  assert.deepEqual([withThem.exitCode, greeting], [0, { type: 'ready', answers: ['exchange', 'numbers', 'gateway'] }]);
  const [first, second] = replies.sort((one, other) => one.id - other.id);
  assert.deepEqual(second, { type: 'numbers', id: 2, numbers: null });
  assert.deepEqual([first.numbers.static, first.numbers.passes, first.numbers.removals], [1, 3, 2]);
});

/** After a reload the old handler is still there for a moment. */
async function findOnlyHandler(): Promise<number> {
  await eventually('there is one handler', async () => (await gateway.findHandlers()).length === 1);
  return (await gateway.findHandlers())[0] ?? 0;
}

/** Waits until the answers from before the stop have been read. */
async function handlerIsSilent(): Promise<void> {
  await eventually('the handler is silent', async () => !IS_UP.test(await scrape()));
}

/** The first scrape that the handler answered in time: it has two seconds, on a machine that may be busy. */
function scrapeInTime(): Promise<string> {
  return lookUntil(scrape, (text) => IS_UP.test(text));
}

/** Returns the first result that is right, or else the last one: after a late scrape Prometheus returns nothing. */
async function lookUntil<T>(look: () => Promise<T>, isRight: (seen: T) => boolean): Promise<T> {
  let seen = await look();
  const isSeen = async () => {
    seen = await look();
    return isRight(seen);
  };
  if (!isRight(seen)) await eventually('it is as expected', isSeen).catch(() => {});
  return seen;
}

async function scrape(): Promise<string> {
  const text = await attemptScrape();
  assert.ok(text !== undefined, `nobody listens on ${listen}`);
  return text;
}

async function attemptScrape(): Promise<string | undefined> {
  const response = await fetch(`http://${listen}/metrics`).catch(() => undefined);
  return response?.text();
}

function readCounter(text: string, name: string): number {
  const [, value] = text.match(new RegExp(`^${name} (\\d+)$`, 'm')) ?? [];
  return Number(value);
}

async function requireKnownNames(what: string, expression: string): Promise<void> {
  const known = await prometheus.findNames();
  const names = expression.match(/\b(wgkex|process)_\w+|\bup\b/g) ?? [];
  assert.notDeepEqual(names, [], what);
  for (const name of names) assert.ok(known.has(name), `${what}: there is no ${name}`);
}

/** How often the main thread of a process went to sleep (proc(5)). */
async function countWakeups(pid: number): Promise<number> {
  const [, count] = (await readFile(`/proc/${pid}/status`, 'utf8')).match(/^voluntary_ctxt_switches:\t(\d+)$/m) ?? [];
  return Number(count);
}
