import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ReplyCode } from '../../src/core/exchange/exchange.ts';
import {
  type DomainNumbers,
  findPermitted,
  formatMessage,
  REQUEST_BYTES,
  type RequestOf,
} from '../../src/core/privsep/requests.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { type Answers, serveRequests } from '../../src/handler/requests.ts';
import { DOMAIN, KEYS } from '../core/arbitraries.ts';

const FROM = parseIpAddress('2001:db8::1');
const request = (id: number): RequestOf<'exchange'> => ({
  type: 'exchange',
  id,
  domain: DOMAIN,
  key: KEYS[0],
  from: FROM,
});
const READY = '{"type":"ready","answers":["exchange"]}\n';
const reply = (id: number, code: ReplyCode) => `{"type":"exchange","id":${id},"code":"${code}"}\n`;

test('the handler greets before the first request', async () => {
  const { input, written, ended } = start();
  assert.equal(written(), READY);
  input.end();
  await ended;
  assert.equal(written(), READY);
});

test('every request gets its reply, in the order in which the replies are ready', async () => {
  const { input, asked, written, ended } = start();
  input.write(formatMessage(request(1)) + formatMessage(request(2)));
  await turn();
  assert.deepEqual(
    asked.map(({ request: one }) => one),
    [request(1), request(2)],
  );
  asked[1]?.answer('FULL');
  await turn();
  asked[0]?.answer('OK');
  input.end();
  await ended;
  assert.equal(written(), READY + reply(2, 'FULL') + reply(1, 'OK'));
});

test('a request that arrives in pieces is served when it is complete', async () => {
  const { input, asked } = start();
  const line = formatMessage(request(1));
  input.write(line.slice(0, 20));
  await turn();
  assert.equal(asked.length, 0);
  input.write(line.slice(20));
  await turn();
  assert.equal(asked.length, 1);
});

test('after the end of its input, the handler waits until every request is answered', async () => {
  const { input, asked, written, ended } = start();
  input.end(formatMessage(request(1)));
  let hasEnded = false;
  const end = ended.then(() => {
    hasEnded = true;
  });
  await turn();
  await turn();
  assert.equal(hasEnded, false);
  asked[0]?.answer('OK');
  await end;
  assert.equal(written(), READY + reply(1, 'OK'));
});

test('with 4096 unanswered requests, further ones stay in the pipe until one is answered', async () => {
  const { input, asked } = start();
  const sendMany = async () => {
    input.write(Array.from({ length: 256 }, (_, index) => formatMessage(request(index + 1))).join(''));
    await turn();
  };
  for (let time = 0; time < 17; time++) await sendMany();
  assert.equal(asked.length, 4096);
  asked[0]?.answer('OK');
  await turn();
  await turn();
  assert.equal(asked.length, 4096 + 256);
});

const BAD = [
  ['a line that is not JSON', 'reboot\n', /not JSON/],
  ['a request for something else', '{"type":"reboot","id":2}\n', /unexpected/],
  ['an empty line', '\n', /not JSON/],
  ['a request for numbers, where there are no metrics', '{"type":"numbers","id":2,"domain":"ffww01"}\n', /unexpected/],
  ['a request with one field more', formatMessage(request(2)).replace('}', ',"more":1}'), /unexpected/],
  ['a line that is too long', `${' '.repeat(REQUEST_BYTES + 1)}\n`, /more than 512 bytes/],
  ['a line that is too long and has no end yet', ' '.repeat(REQUEST_BYTES + 1), /more than 512 bytes/],
] as const;
for (const [name, line, reason] of BAD) {
  test(`${name} ends the handler, and no request that came with it is served`, async () => {
    const { input, asked, ended } = start();
    input.write(formatMessage(request(1)) + line + formatMessage(request(3)));
    await assert.rejects(ended, { name: 'InputError', message: reason });
    assert.equal(asked.length, 0);
  });
}

test('a request before a bad line is still answered', async () => {
  const { input, asked, written, ended } = start();
  input.write(formatMessage(request(1)));
  await turn();
  input.write('reboot\n');
  await assert.rejects(ended);
  asked[0]?.answer('OK');
  await turn();
  assert.equal(written(), READY + reply(1, 'OK'));
});

test('an input that ends in the middle of a line ends the handler with an error', async () => {
  const { input, asked, ended } = start();
  input.end(formatMessage(request(1)).slice(0, -1));
  await assert.rejects(ended, { message: 'Cannot read request: the input ends in the middle of a line' });
  assert.equal(asked.length, 0);
});

const NUMBERS: DomainNumbers = {
  ...{ alive: 1, idle: 2, stale: 3, pending: 4, static: 5, entries: 12 },
  ...{ passes: 6, removals: 7, lastPass: 1_700_000_000 },
};

test('with metrics, the handler says so, and gives the numbers of its domains', async () => {
  const { input, asked, written, ended } = start(async ({ domain }) => ({
    numbers: domain === DOMAIN ? NUMBERS : null,
  }));
  input.write(
    `{"type":"numbers","id":1,"domain":"${DOMAIN}"}\n{"type":"numbers","id":2,"domain":"elsewhere"}\n${formatMessage(request(3))}`,
  );
  await turn();
  asked[0]?.answer('OK');
  input.end();
  await ended;
  const numbers = `{"type":"numbers","id":1,"numbers":${JSON.stringify(NUMBERS)}}\n{"type":"numbers","id":2,"numbers":null}\n`;
  assert.equal(written(), `{"type":"ready","answers":["exchange","numbers"]}\n${numbers}${reply(3, 'OK')}`);
});

for (const line of [
  '{"type":"numbers","id":2,"domain":"../etc"}',
  '{"type":"numbers","id":2,"domain":"ffww01","more":1}',
  '{"type":"numbers","domain":"ffww01"}',
]) {
  test(`even with metrics, ${line} ends the handler`, async () => {
    const { input, asked, ended } = start(async () => ({ numbers: null }));
    input.write(`${formatMessage(request(1))}${line}\n`);
    await assert.rejects(ended, { name: 'InputError', message: /^Cannot read request: unexpected (shape|domain|id)$/ });
    assert.equal(asked.length, 0);
  });
}

/** The test answers the requests; with `numbers` there are metrics. */
function start(numbers?: Answers['numbers']) {
  const input = new PassThrough();
  const output = new PassThrough();
  const asked: { readonly request: RequestOf<'exchange'>; answer(code: ReplyCode): void }[] = [];
  const chunks: string[] = [];
  output.on('data', (chunk) => chunks.push(String(chunk)));
  const exchange: Answers['exchange'] = (one) =>
    new Promise((answer) => {
      asked.push({ request: one, answer: (code) => answer({ code }) });
    });
  const gateway: Answers['gateway'] = async () => ({ gateway: null });
  const lease: Answers['lease'] = async () => ({ code: 'FAILED' });
  const answers = { exchange, lease, numbers: numbers ?? (async () => ({ numbers: null })), gateway };
  const ended = serveRequests(
    input,
    output,
    answers,
    findPermitted({ metrics: numbers !== undefined, http: false, mqtt: false, leases: false }),
  );
  return { input, asked, ended, written: () => chunks.join('') + String(output.read() ?? '') };
}
