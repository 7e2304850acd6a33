import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { InputError } from '../../src/core/printable.ts';
import { serveRequests } from '../../src/handler/requests.ts';
import { shortStreams } from '../arbitraries/streams.ts';
import { printEntries, readStreams } from '../corpus.ts';
import { REFUSED_KEYS } from '../keys.ts';
import { expectServed } from '../model/requests.ts';
import { buildLocalTarget, type Target } from './target.ts';

type Chunks = readonly string[];

const DOMAINS = ['ffww01', 'ffmuc', 'gluon'];

/** The handler's reading of its input, without what it does then: so fast that most streams can be bad ones. */
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
  const { chunks: served, end } = expectServed(chunks);
  const asked: unknown[] = [];
  const output = new Collector();
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk, 'latin1')));
  const fault = await serveRequests(input, output, async (request) => {
    asked.push(request);
    return 'OK';
  }).catch((reason) => reason);
  // Whom it has served before a bad line gets the reply yet.
  await turn();
  assert.deepEqual(asked, served.flat());
  const replies = served.flat().map(({ id }) => `{"id":${id},"reply":"OK"}\n`);
  assert.equal(output.text, ['{"ready":true}\n', ...replies].join(''));
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
