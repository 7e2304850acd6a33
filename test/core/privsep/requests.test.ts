import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { REPLY_CODES } from '../../../src/core/exchange/exchange.ts';
import {
  buildRequestParser,
  type DomainNumbers,
  findPermitted,
  formatMessage,
  type HandlerMessage,
  parseHandlerMessage,
  REQUEST_BYTES,
  type Request,
  type RequestOf,
} from '../../../src/core/privsep/requests.ts';
import {
  DOMAIN,
  damaged,
  domainNames,
  ipAddresses,
  KEYS,
  PLAIN,
  parseOrRefuse,
  publicKeys,
  texts,
} from '../arbitraries.ts';

const ids = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const parseRequest = buildRequestParser(findPermitted({ metrics: false, http: false, mqtt: false, leases: false }));
const parseAnyRequest = buildRequestParser(findPermitted({ metrics: true, http: true, mqtt: false, leases: false }));
const requests: fc.Arbitrary<RequestOf<'exchange'>> = fc.record(
  {
    type: fc.constant('exchange' as const),
    id: ids,
    domain: domainNames,
    key: publicKeys,
    from: ipAddresses,
    hearsay: fc.constant(true as const),
    broadcast: fc.constant(true as const),
    look: fc.constant(true as const),
  },
  { ...PLAIN, requiredKeys: ['type', 'id', 'domain', 'key'] },
);
const counts = fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER));
const numbers: fc.Arbitrary<DomainNumbers> = fc.record(
  {
    ...{ alive: counts, idle: counts, stale: counts, pending: counts, static: counts, entries: counts },
    ...{ passes: counts, removals: counts, lastPass: counts },
  },
  PLAIN,
);
const numbersRequests: fc.Arbitrary<RequestOf<'numbers'>> = fc.record(
  { type: fc.constant('numbers' as const), id: ids, domain: domainNames },
  PLAIN,
);
const handlerMessages: fc.Arbitrary<HandlerMessage> = fc.oneof(
  fc.record(
    {
      type: fc.constant('ready' as const),
      answers: fc.constant(findPermitted({ metrics: true, http: true, mqtt: false, leases: false })),
    },
    PLAIN,
  ),
  fc.record({ type: fc.constant('exchange' as const), id: ids, code: fc.constantFrom(...REPLY_CODES) }, PLAIN),
  fc.record({ type: fc.constant('numbers' as const), id: ids, numbers: fc.oneof(numbers, fc.constant(null)) }, PLAIN),
  fc.record({ type: fc.constant('batch' as const), domain: domainNames, exchanges: fc.integer({ min: 1 }) }, PLAIN),
);
const lineOf = (message: Request | HandlerMessage) => formatMessage(message).slice(0, -1);

test('a formatted request is one bounded line and parses back', () => {
  fc.assert(
    fc.property(requests, (request) => {
      const message = formatMessage(request);
      assert.match(message, /^[ -~]+\n$/);
      assert.ok(message.length <= REQUEST_BYTES);
      assert.deepEqual(parseRequest(message.slice(0, -1)), request);
      assert.deepEqual(parseAnyRequest(message.slice(0, -1)), request);
    }),
  );
});

test('a request for numbers is accepted only if there are metrics', () => {
  fc.assert(
    fc.property(numbersRequests, (request) => {
      assert.deepEqual(parseAnyRequest(lineOf(request)), request);
      assert.equal(
        parseOrRefuse(() => parseRequest(lineOf(request))),
        undefined,
      );
    }),
  );
});

test("a handler's message is one bounded line and parses back", () => {
  fc.assert(
    fc.property(handlerMessages, (message) => {
      assert.ok(formatMessage(message).length <= REQUEST_BYTES);
      assert.deepEqual(parseHandlerMessage(lineOf(message)), message);
    }),
  );
});

test('any other text is refused as a request, and nothing else is thrown', () => {
  const right = fc.oneof(requests, numbersRequests).map(lineOf);
  const lines = fc.oneof(texts, fc.json(), handlerMessages.map(lineOf), damaged(right));
  fc.assert(
    fc.property(lines, (line) => {
      const any = parseOrRefuse(() => parseAnyRequest(line));
      if (any !== undefined) assert.deepEqual(parseAnyRequest(lineOf(any)), any);
      const request = parseOrRefuse(() => parseRequest(line));
      if (request !== undefined) assert.deepEqual(parseRequest(lineOf(request)), request);
    }),
  );
});

test('any other text is refused as a reply, and nothing else is thrown', () => {
  const lines = fc.oneof(texts, fc.json(), requests.map(lineOf), damaged(handlerMessages.map(lineOf)));
  fc.assert(
    fc.property(lines, (line) => {
      const message = parseOrRefuse(() => parseHandlerMessage(line));
      if (message !== undefined) assert.deepEqual(parseHandlerMessage(lineOf(message)), message);
    }),
  );
});

const RIGHT = { type: 'exchange', id: 7, domain: DOMAIN, key: KEYS[0], from: '2001:db8::1' };
const WRONG: readonly (readonly [name: string, changes: Record<string, unknown>])[] = [
  ['an extra field', { command: 'reboot' }],
  ['another type', { type: 'reboot' }],
  ['no type', { type: undefined }],
  ['a list of types', { type: ['exchange'] }],
  ['id 0', { id: 0 }],
  ['a negative id', { id: -1 }],
  ['half an id', { id: 1.5 }],
  ['an id that is a text', { id: '7' }],
  ['an id beyond the exact range of a number', { id: 2 ** 53 }],
  ['no id', { id: undefined }],
  ['an impossible domain name', { domain: '../../etc' }],
  ['a list of domains', { domain: ['ffww01'] }],
  ['no key', { key: null }],
  ['a key with an option of wg', { key: `${KEYS[0]} remove` }],
  ['an address in another spelling', { from: '2001:DB8::1' }],
  ['an IPv4-mapped address', { from: '::ffff:192.0.2.1' }],
  ['an address with a zone', { from: 'fe80::1%eth0' }],
  ['an invalid address', { from: 'example.org' }],
];
for (const [name, changes] of WRONG) {
  test(`a request with ${name} is refused`, () => {
    assert.doesNotThrow(() => parseRequest(JSON.stringify(RIGHT)));
    assert.throws(() => parseRequest(JSON.stringify({ ...RIGHT, ...changes })), {
      name: 'InputError',
      message: /^Cannot read request: unexpected \w+$/,
    });
  });
}

const COUNTS = '"alive":0,"idle":0,"stale":0,"pending":0,"static":0,"entries":0,"passes":0,"removals":0,"lastPass":0';
const NO_MESSAGES = [
  ['a reply with an unknown code', '{"type":"exchange","id":1,"code":"MAYBE"}'],
  ['a reply with numbers', `{"id":1,"code":"OK","numbers":null}`],
  ['a greeting without a type', '{"answers":["exchange"]}'],
  ['a greeting with an unknown type', '{"type":"ready","answers":["exchange","reboot"]}'],
  ['a code in a reply with numbers', '{"type":"numbers","id":1,"code":"OK"}'],
  ['a batch of nothing', '{"type":"batch","domain":"ffww01","exchanges":0}'],
  ['a batch of an impossible domain name', '{"type":"batch","domain":"..","exchanges":1}'],
  ['numbers with one missing', `{"type":"numbers","id":1,"numbers":{${COUNTS.replace('"idle":0,', '')}}}`],
  ['numbers with an extra one', `{"type":"numbers","id":1,"numbers":{${COUNTS},"more":0}}`],
  ['a number below zero', `{"type":"numbers","id":1,"numbers":{${COUNTS.replace('"idle":0', '"idle":-1')}}}`],
  ['half a peer', `{"type":"numbers","id":1,"numbers":{${COUNTS.replace('"idle":0', '"idle":0.5')}}}`],
  ['a number in words', `{"type":"numbers","id":1,"numbers":{${COUNTS.replace('"idle":0', '"idle":"0"')}}}`],
  ['numbers without an id', `{"type":"numbers","numbers":{${COUNTS}}}`],
] as const;
for (const [name, line] of NO_MESSAGES) {
  test(`${name} is not a handler's message`, () => {
    assert.doesNotThrow(() => parseHandlerMessage(`{"type":"numbers","id":1,"numbers":{${COUNTS}}}`));
    assert.throws(() => parseHandlerMessage(line), { name: 'InputError' });
  });
}
