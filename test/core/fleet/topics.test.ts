import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type GatewayId, isGatewayId, parseGatewayId } from '../../../src/core/fleet/gateway-id.ts';
import { ALL, formatTopic, listSubscriptions, parseTopic, type Topic } from '../../../src/core/fleet/topics.ts';
import { DOMAIN, domainNames, PLAIN, parseOrRefuse, texts } from '../arbitraries.ts';

const GW1 = parseGatewayId('gw1');
const FRONT = parseGatewayId('front.example.org');
const ids = fc.string({ minLength: 1, maxLength: 64 }).filter(isGatewayId) as fc.Arbitrary<GatewayId>;
const prefixes = fc.constantFrom('', 'ffww/', 'a/b/');
const topics: fc.Arbitrary<Topic> = fc.oneof(
  fc.record({ kind: fc.constant('state' as const), gateway: ids, domain: domainNames }, PLAIN),
  fc.record({ kind: fc.constant('status' as const), gateway: ids }, PLAIN),
  fc.record({ kind: fc.constantFrom('data' as const, 'number' as const), gateway: ids, domain: domainNames }, PLAIN),
  fc.record(
    { kind: fc.constant('key' as const), gateway: fc.oneof(ids, fc.constant(ALL)), domain: domainNames },
    PLAIN,
  ),
  fc.record({ kind: fc.constant('exchange' as const), gateway: ids, front: ids }, PLAIN),
  fc.record({ kind: fc.constant('reply' as const), front: ids, gateway: ids }, PLAIN),
);

describe('a topic', () => {
  for (const [topic, text] of [
    [{ kind: 'state', gateway: GW1, domain: DOMAIN }, 'wgkex/gateway/gw1/ffww01'],
    [{ kind: 'status', gateway: GW1 }, 'wireguard-worker/gw1/status'],
    [{ kind: 'data', gateway: GW1, domain: DOMAIN }, 'wireguard-worker/gw1/ffww01/data'],
    [{ kind: 'number', gateway: GW1, domain: DOMAIN }, 'wireguard-metrics/ffww01/gw1/connected_peers'],
    [{ kind: 'key', gateway: ALL, domain: DOMAIN }, 'wireguard/ffww01/all'],
    [{ kind: 'key', gateway: GW1, domain: DOMAIN }, 'wireguard/ffww01/gw1'],
    [{ kind: 'exchange', gateway: GW1, front: FRONT }, 'wgkex/exchange/gw1/front.example.org'],
    [{ kind: 'reply', front: FRONT, gateway: GW1 }, 'wgkex/reply/front.example.org/gw1'],
  ] as const)
    test(`is ${text}, after the prefix`, () => {
      assert.equal(formatTopic(topic, ''), text);
      assert.equal(formatTopic(topic, 'ffww/'), `ffww/${text}`);
    });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(topics, prefixes, (topic, prefix) => {
        assert.deepEqual(parseTopic(formatTopic(topic, prefix), prefix), topic);
      }),
    );
  });

  for (const text of [
    '',
    'wgkex',
    'wgkex/gateway/gw1',
    'wgkex/gateway/gw1/FFWW',
    'wgkex/gateway/all/ffww01',
    'wgkex/gateway//ffww01',
    'wgkex/gateway/gw1/ffww01/x',
    'wgkex/exchange/gw1/a b',
    'wgkex/exchange/gw1/+',
    'wgkex/other/gw1/gw2',
    'wireguard-worker/gw1/FFWW/data',
    'wireguard-worker/gw1/ffww01/other',
    'wireguard-worker/gw1/ffww01/data/x',
    'wireguard-metrics/ffww01/gw1/other',
    'wireguard-metrics/ffww01/all/connected_peers',
    'wireguard/ffww01',
    'wireguard/FFWW/all',
    'wireguard/ffww01/all/x',
    'wireguard-worker/gw1/status/',
    'ffww/wgkex/gateway/gw1/ffww01',
  ])
    test(`"${text}" is none`, () => assert.equal(parseTopic(text, ''), undefined));

  test('that a gateway hears matches one of its filters: what is for it, and of workers only what it needs', () => {
    fc.assert(
      fc.property(topics, ids, prefixes, fc.boolean(), (topic, id, prefix, hasWorkers) => {
        const filters = listSubscriptions(id, prefix, hasWorkers);
        const text = formatTopic(topic, prefix);
        assert.equal(filters.filter((filter) => matches(filter, text)).length, Number(isFor(topic, id, hasWorkers)));
      }),
    );
  });
});

/** Whether a gateway and front wants to hear it. */
function isFor(topic: Topic, id: GatewayId, hasWorkers: boolean): boolean {
  switch (topic.kind) {
    case 'state':
    case 'status':
      return true;
    case 'data':
    case 'number':
      return hasWorkers || topic.gateway === id;
    case 'key':
      return topic.gateway === ALL || topic.gateway === id;
    case 'exchange':
      return topic.gateway === id;
    case 'reply':
      return topic.front === id;
  }
}

describe('the id of a gateway', () => {
  test('is read, or refused in one line', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const id = parseOrRefuse(() => parseGatewayId(text));
        assert.equal(id !== undefined, text !== 'all' && /^[!-~]{1,64}$/.test(text) && !/[/+#]/.test(text));
      }),
    );
  });

  for (const text of ['all', '', 'a/b', 'a+', '#', 'a b', 'a\n', 'x'.repeat(65)])
    test(`cannot be ${JSON.stringify(text)}`, () => assert.equal(isGatewayId(text), false));
});

/** As MQTT 3.1.1, 4.7.1 has it, for filters with `+` alone. */
function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  return wanted.length === levels.length && wanted.every((level, index) => level === '+' || level === levels[index]);
}
