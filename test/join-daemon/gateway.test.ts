import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { AttemptFailure } from '../../src/join/daemon/failure.ts';
import { exchange } from '../../src/join/daemon/gateway/exchange.ts';
import { KEYS } from '../core/arbitraries.ts';
import { buildConfig, findDeadPort, MANNERS, type Manner, startGateway } from './gateways.ts';

const LINE = `abcdefgh.nonce001.${'p'.repeat(43)}`;
const HERE = parseIpAddress('127.0.0.1');
const TIMES = { exchange: 1, connect: 0.5 };

describe('an exchange', { concurrency: true }, () => {
  test('says domain, key and third line, and brings the configuration and its proof', async (t) => {
    const gateway = await startGateway(t, MANNERS.good());
    assert.deepEqual(await ask(gateway.port), {
      reply: { code: 'OK', config: buildConfig(), proof: 'r'.repeat(43) },
      address: HERE,
    });
    assert.deepEqual(gateway.exchanges, [`members\n${KEYS[0]}\n${LINE}\n`]);
  });

  test('brings the code of a refusal', async (t) => {
    const gateway = await startGateway(t, MANNERS.refusing('FULL'));
    assert.deepEqual((await ask(gateway.port)).reply, { code: 'FULL' });
  });

  const FAULTS: [name: string, manner: Manner, reason: RegExp][] = [
    ['is silent', MANNERS.silent, /^no whole reply within 1 s$/],
    ['drips bytes', MANNERS.slow, /^no whole reply within 1 s$/],
    ['sends without end', MANNERS.huge, /^it sent more than 4096 bytes$/],
    [
      'speaks HTTP',
      MANNERS.garbage,
      /^Cannot read the gateway's reply: line 1: .* found "HTTP\/1\.1 400 Bad Request\\r"$/,
    ],
    ['says nothing', MANNERS.empty, /^the connection was closed without a reply$/],
    ['closes the connection', MANNERS.closing, /^the connection was closed without a reply(: connection reset)?$/],
    ['ends in the middle of a line', MANNERS.cut, /^Cannot read the gateway's reply: line 3: /],
    ['sends a code that nobody knows', MANNERS.refusing('\x1b[2J'), /^Cannot read the gateway's reply: [ -~]*$/],
  ];
  for (const [name, manner, reason] of FAULTS)
    test(`with a gateway that ${name} ends in one line, within its time`, async (t) => {
      const gateway = await startGateway(t, manner);
      const began = performance.now();
      await fails(ask(gateway.port), 'gateway', reason);
      assert.ok(performance.now() - began < 5000);
    });

  test('takes the address that answers, if another one does not', async (t) => {
    const gateway = await startGateway(t, MANNERS.good());
    const addresses = ['255.255.255.255', '127.0.0.1'].map(parseIpAddress);
    assert.equal((await ask(gateway.port, addresses)).address, HERE);
  });

  test('does not blame a gateway for a network that is not there', async () => {
    await fails(
      ask(10_012, [parseIpAddress('255.255.255.255')]),
      'network',
      /^no TCP connection to gw1\.example\.org:10012: [a-z ]+$/,
    );
  });

  test('blames a gateway that refuses, even if another of its addresses has no network', async () => {
    const port = Number((await findDeadPort()).split(':')[1]);
    for (const addresses of [
      ['255.255.255.255', '127.0.0.1'],
      ['127.0.0.1', '255.255.255.255'],
    ])
      await fails(
        ask(port, addresses.map(parseIpAddress)),
        'gateway',
        /^no TCP connection to gw1\.example\.org:\d+: connection refused$/,
      );
  });

  test('ends at once when the service stops', async (t: TestContext) => {
    const gateway = await startGateway(t, MANNERS.silent);
    const stop = new AbortController();
    const asked = ask(gateway.port, [HERE], stop.signal, { exchange: 60, connect: 60 });
    setTimeout(() => stop.abort(new Error('stopped')), 100);
    await assert.rejects(asked, /^Error: stopped$/);
  });
});

function ask(port: number, addresses = [HERE], stopping = new AbortController().signal, times = TIMES) {
  return exchange(
    { host: 'gw1.example.org', port, addresses },
    'members',
    { key: KEYS[0], line: LINE },
    { times, stopping },
  );
}

async function fails(asked: Promise<unknown>, fault: string, reason: RegExp): Promise<void> {
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof AttemptFailure, String(error));
    assert.equal(error.fault, fault, error.message);
    assert.match(error.message, reason);
    return true;
  });
}
