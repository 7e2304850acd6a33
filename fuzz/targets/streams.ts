import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { findPermitted } from '../../src/core/privsep/requests.ts';
import { InputError } from '../../src/core/values/errors.ts';
import { type Answers, serveRequests } from '../../src/handler/requests.ts';
import { shortStreams } from '../arbitraries/streams.ts';
import { printEntries, readStreams } from '../corpus.ts';
import { REFUSED_KEYS } from '../keys.ts';
import { expectServed, expectServedWithMetrics, type Served } from '../model/requests.ts';
import { buildLocalTarget, type Target } from './target.ts';

type Chunks = readonly string[];

const DOMAINS = ['ffww01', 'ffmuc', 'gluon'];

/** The handler's reading of its input, without its actions: so fast that most streams can be bad ones. */
export function createStreamsTarget(): Target<Chunks> {
  const corpus = readStreams().map(({ chunks }) => chunks);
  const texts = corpus.map((chunks) => chunks.join('')).filter((text) => text !== '');
  return buildLocalTarget({
    name: 'streams',
    corpus,
    runs: shortStreams({ domains: DOMAINS, keys: REFUSED_KEYS }, texts),
    print: (chunks) => printEntries('streams', [{ chunks }]),
    check,
  });
}

async function check(chunks: Chunks): Promise<void> {
  await checkServed(chunks, expectServed(chunks), false);
  await checkServed(chunks, expectServedWithMetrics(chunks), true);
}

async function checkServed(
  chunks: Chunks,
  { chunks: served, end }: Served<{ readonly type: string; readonly id: number }>,
  hasMetrics: boolean,
): Promise<void> {
  const asked: unknown[] = [];
  const answers: Answers = {
    exchange: async (request) => {
      asked.push(request);
      return { code: 'OK' };
    },
    lease: async (request) => {
      asked.push(request);
      return { code: 'FAILED' };
    },
    numbers: async (request) => {
      asked.push(request);
      return { numbers: null };
    },
    gateway: async (request) => {
      asked.push(request);
      return { gateway: null };
    },
  };
  const output = new Collector();
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk, 'latin1')));
  const permitted = findPermitted({ http: false, mqtt: false, leases: false, metrics: hasMetrics });
  const fault = await serveRequests(input, output, answers, permitted).catch((reason) => reason);
  // Requests that it served before a bad line still get their replies.
  await turn();
  const requests = served.flat();
  assert.deepEqual(asked, requests);
  const greeting = hasMetrics
    ? '{"type":"ready","answers":["exchange","numbers"]}'
    : '{"type":"ready","answers":["exchange"]}';
  const replies = requests.map(({ type, id }) =>
    type === 'exchange' ? `{"type":"exchange","id":${id},"code":"OK"}` : `{"type":"numbers","id":${id},"numbers":null}`,
  );
  // Each reply is awaited separately.
  assert.deepEqual(output.text.trimEnd().split('\n').sort(), [greeting, ...replies].sort());
  requireFault(fault, end !== 'good');
}

function requireFault(fault: unknown, isExpected: boolean): void {
  if (!isExpected) assert.equal(fault, undefined);
  else assert.ok(fault instanceof InputError && /^Cannot read [ -~]{1,80}$/.test(fault.message), String(fault));
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk;
    done();
  }
}
