import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeFleet } from '../../src/cli/commands/fleet/json.ts';
import { renderFleet } from '../../src/cli/commands/fleet/text.ts';
import { Heard } from '../../src/cli/fleet/heard.ts';
import { findWorkerConcerns, findWorkerPlaces } from '../../src/cli/fleet/workers.ts';
import { makePaint } from '../../src/cli/terminal/terminal.ts';
import { parseConfig } from '../../src/config/config.ts';
import { parseGatewayId } from '../../src/core/fleet/gateway-id.ts';
import { KEYS } from '../core/arbitraries.ts';
import { buildReading, buildState } from './fleet-scene.ts';

const [KEY, OTHER] = KEYS;
const DATA = { ExternalAddress: 'gw04.ext.example', Port: 40_011, PublicKey: KEY, LinkAddress: 'fe80::4' };
const W4 = 'gw04.in.example';
const NAMED = { [W4]: { weight: 30 } };

type Said = Readonly<Record<string, unknown>>;
/** What a worker of freifunkMUC leaves at the broker. */
const worker = (name: string, domain = 'ffww01', count: unknown = 12, data: unknown = DATA): Said => ({
  [`wireguard-worker/${name}/${domain}/data`]: data,
  [`wireguard-metrics/${domain}/${name}/connected_peers`]: count,
  [`wireguard-worker/${name}/status`]: 1,
});

describe('of the fleet', () => {
  test('what freifunkMUC’s workers say makes them workers, and no members', () => {
    const { members, workers } = hear(worker(W4));
    assert.deepEqual(members, []);
    assert.deepEqual(
      workers.map(({ worker: name, domain, isOnline, count, data }) => [name, domain, isOnline, count, data?.name]),
      [[W4, 'ffww01', true, 12, 'gw04.ext.example']],
    );
  });

  test('what our gateways say there does not, running or stopped', () => {
    const ours = worker('gw1', 'ffww01', 3, { ...DATA, Software: 'wgkex' });
    const running = hear({ ...ours, 'wgkex/gateway/gw1/ffww01': buildState({}) });
    assert.deepEqual([running.members.map(({ domains }) => domains.size), running.workers], [[1], []]);
    const stopped = hear({
      ...ours,
      'wireguard-worker/gw1/status': 0,
      'wireguard-metrics/ffww02/gw1/connected_peers': -1,
    });
    assert.deepEqual([stopped.members.map(({ id }) => id), stopped.workers], [['gw1'], []]);
    // What somebody else says as this machine is for the listener to find.
    assert.deepEqual(hear(worker('own')).workers, []);
  });

  test('a machine that has changed its program is what its data say, whatever is still retained', () => {
    const { members, workers } = hear({ ...worker(W4), [`wgkex/gateway/${W4}/ffww01`]: buildState({}) });
    assert.deepEqual([members, workers.length], [[], 1]);
  });

  test('a worker is online, offline, unnamed, unreadable, or has another key', () => {
    const find = (said: Said, named: object = NAMED) =>
      findWorkerPlaces(readingOf(said), named as typeof NAMED).map(({ condition }) => condition);
    assert.deepEqual(find(worker(W4)), ['online']);
    assert.deepEqual(find(worker(W4, 'ffww01', -1)), ['offline']);
    assert.deepEqual(find({ ...worker(W4), [`wireguard-worker/${W4}/status`]: 0 }), ['offline']);
    assert.deepEqual(find(worker('gw05')), ['unnamed']);
    assert.deepEqual(find(worker(W4, 'ffww01', 1, { ...DATA, Port: 0 })), ['unreadable']);
    assert.deepEqual(find(worker(W4), { [W4]: { weight: 1, public_key: OTHER } }), ['other key']);
    assert.deepEqual(find(worker(W4), { [W4]: { weight: 1, public_key: KEY } }), ['online']);
    assert.deepEqual(find(worker('constructor')), ['unnamed']);
  });
});

describe('what is wrong with workers', () => {
  for (const [what, said, settings, expected] of [
    ['nothing', worker(W4), '', []],
    [
      'a domain of this gateway with a -',
      worker(W4),
      '[domains.ff-a]\nwireguard = "a"\nvxlan = "b"',
      ['ff-a worker-domain'],
    ],
    ['a domain of theirs with a -', worker(W4, 'ffww-1'), '', ['ffww-1 worker-domain']],
    [
      'an unnamed one, which ends there, too',
      { ...worker(W4), ...worker('gw05', 'ffww-1') },
      '',
      ['ffww-1 worker-domain'],
    ],
    ['one that the broker does not know', {}, '', [' worker-absent']],
    ['one that is offline', worker(W4, 'ffww01', -1), '', ['ffww01 worker-offline']],
    ['one that cannot be read', worker(W4, 'ffww01', 1, 'x'), '', ['ffww01 worker-unreadable']],
  ] as const)
    test(`is ${what}`, () => assert.deepEqual(findCodes(said, settings), expected));

  test('is no domain with a - where no worker is', () => {
    const settings = '[domains.ff-a]\nwireguard = "a"\nvxlan = "b"';
    assert.deepEqual(findCodes({}, settings, ''), []);
  });

  test('is that it does not speak TLS, if the broker does not know it and this machine uses TLS alone', () => {
    assert.deepEqual(findCodes({}, '', `workers = { "${W4}" = {} }`, 'mqtts://mqtt.example.org'), [' worker-tls']);
    assert.deepEqual(findCodes(worker(W4), '', `workers = { "${W4}" = {} }`, 'mqtts://mqtt.example.org'), []);
  });
});

test('workers have a table of their own, which fits 80 columns', () => {
  const reading = readingOf({ ...worker(W4), ...worker('gw05', 'ffww01', -1) });
  const lines = renderFleet(reading, findWorkerPlaces(reading, NAMED), [], { width: 80, paint: makePaint(false) });
  assert.deepEqual(lines.slice(0, 6), [
    'No gateway serves any domain.',
    '',
    'Workers of freifunkMUC, whose answers are unacknowledged:',
    'DOMAIN  WORKER           STATE    ALIVE  WEIGHT  NAME',
    'ffww01  gw04.in.example  online      12      30  gw04.ext.example',
    'ffww01  gw05             unnamed      -       -  gw04.ext.example',
  ]);
  const { workers } = describeFleet(reading, findWorkerPlaces(reading, NAMED), []) as { workers: object[] };
  assert.deepEqual(workers[0], {
    ...{ worker: W4, domain: 'ffww01', state: 'online', unacknowledged: true, weight: 30, alive: 12 },
    ...{ name: 'gw04.ext.example', port: 40_011, link_address: 'fe80::4', public_key: KEY },
  });
});

/** The broker's retained messages, as JSON. */
function hear(said: Said) {
  const heard = new Heard('', parseGatewayId('own'));
  for (const [topic, payload] of Object.entries(said)) heard.take(topic, Buffer.from(JSON.stringify(payload)));
  return heard.sum();
}

function readingOf(said: Said) {
  return { ...buildReading({}), ...hear(said) };
}

function findCodes(said: Said, settings: string, named = `workers = { "${W4}" = {} }`, url = 'mqtt://[::1]'): string[] {
  const config = parseConfig(`[mqtt]\nurl = ["${url}"]\nid = "own"\n${named}\n${settings}`, 'wgkex.toml');
  return findWorkerConcerns(config, readingOf(said)).map(({ domain, code }) => `${domain ?? ''} ${code}`);
}
