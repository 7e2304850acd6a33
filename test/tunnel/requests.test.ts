import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { type ClientReply, type ClientRequest, DOWN_BYTES } from '../../src/core/client/messages.ts';
import { serveRequests } from '../../src/tunnel/requests.ts';

const READY = '{"type":"ready"}\n';
const BEGIN = '{"type":"begin","name":"members"}\n';
const look = (id: number) => `{"type":"look","id":${id}}\n`;
const reply = (id: number) => `{"type":"look","id":${id},"refused":"nothing"}\n`;

/** A program that answers when a test lets it. */
function start() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const chunks: string[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const asked: { readonly request: ClientRequest; readonly answer: () => void }[] = [];
  const opened: string[] = [];
  const ended = serveRequests(input, output, (name) => {
    opened.push(name);
    return {
      serve: (request) =>
        new Promise<ClientReply>((resolve) => {
          const { type, id } = request;
          asked.push({ request, answer: () => resolve({ type, id, refused: 'nothing' } as ClientReply) });
        }),
    };
  });
  return { input, asked, opened, ended, written: () => chunks.join('') };
}

const turns = async () => {
  for (let count = 0; count < 5; count++) await turn();
};

describe('wgkex-tunnel', () => {
  test('greets before it knows which tunnel it is about', async () => {
    const { input, opened, written, ended } = start();
    await turns();
    assert.equal(written(), READY);
    input.end();
    await ended;
    assert.deepEqual(opened, []);
  });

  test('answers one request after the other, and the second only after the first', async () => {
    const { input, asked, written, ended } = start();
    input.end(BEGIN + look(1) + look(2));
    await turns();
    assert.equal(asked.length, 1);
    asked[0]?.answer();
    await turns();
    assert.equal(written(), READY + reply(1));
    asked[1]?.answer();
    await ended;
    assert.equal(written(), READY + reply(1) + reply(2));
  });

  test('finishes a request when its input ends', async () => {
    const { input, asked, written, ended } = start();
    input.end(BEGIN + look(1));
    await turns();
    assert.equal(written(), READY);
    asked[0]?.answer();
    await ended;
    assert.equal(written(), READY + reply(1));
  });

  test('serves no further request while its reply is not read', async () => {
    const input = new PassThrough();
    let takeLine = () => {};
    const output = new Writable({
      write: (_chunk, _encoding, done) => {
        takeLine = done;
      },
    });
    const served: number[] = [];
    const ended = serveRequests(input, output, () => ({
      serve: async ({ type, id }) => {
        served.push(id);
        return { type, id, refused: 'nothing' } as ClientReply;
      },
    }));
    input.end(BEGIN + look(1) + look(2));
    for (const expected of [[], [1], [1, 2]]) {
      await turns();
      assert.deepEqual(served, expected);
      takeLine();
    }
    await ended;
  });

  test('reads lines as they come, in any pieces', async () => {
    const text = BEGIN + look(1) + look(2);
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const { input, asked, opened, ended } = start();
        const sorted = [0, ...places.sort((one, other) => one - other), text.length];
        for (const [index, place] of sorted.slice(1).entries()) input.write(text.slice(sorted[index], place));
        for (let count = 0; count < 2; count++) {
          await turns();
          asked[count]?.answer();
        }
        input.end();
        await ended;
        assert.deepEqual(opened, ['members']);
        assert.deepEqual(
          asked.map(({ request }) => request.id),
          [1, 2],
        );
      }),
      { numRuns: 30 },
    );
  });
});

const UP = { type: 'up', id: 1, gateway: 'g', config: 'AAAA', proof: 'A'.repeat(43), via: 'udp' };
const ENDPOINT = { address: '192.0.2.1', port: 1 };

const BAD_LINES: readonly (readonly [name: string, text: string, reason: RegExp])[] = [
  ['a request before a name', look(1), /Cannot read the first line: unexpected/],
  ['a name with a path', '{"type":"begin","name":"../../etc"}\n', /Cannot read the first line: unexpected name/],
  ['an empty name', '{"type":"begin","name":""}\n', /unexpected name/],
  ['a name with capitals', '{"type":"begin","name":"Members"}\n', /unexpected name/],
  ['a name that is a command', '{"type":"begin","name":"status"}\n', /unexpected name/],
  ['a name with an option', '{"type":"begin","name":"members","force":true}\n', /Cannot read the first line/],
  ['a second name', BEGIN + BEGIN, /Cannot read request/],
  ['text', `${BEGIN}hello\n`, /Cannot read request: not JSON/],
  ['an empty line', `${BEGIN}\n`, /not JSON/],
  ['a list', `${BEGIN}[]\n`, /Cannot read request/],
  ['an unknown type', `${BEGIN}{"type":"run","id":1}\n`, /Cannot read request/],
  ['a reply', BEGIN + reply(1), /Cannot read request/],
  ['a request without a number', `${BEGIN}{"type":"look"}\n`, /Cannot read request/],
  ['a request with number 0', BEGIN + look(0), /Cannot read request/],
  ['a request with a broken number', `${BEGIN}{"type":"look","id":1.5}\n`, /Cannot read request/],
  ['a request with something else in it', `${BEGIN}{"type":"down","id":1,"name":"x"}\n`, /Cannot read request/],
  ['a reply of a gateway without an endpoint', `${BEGIN}${JSON.stringify(UP)}\n`, /Cannot read request/],
  [
    'a host name as an endpoint',
    `${BEGIN}${JSON.stringify({ ...UP, endpoint: { ...ENDPOINT, address: 'gw' } })}\n`,
    /Cannot read request/,
  ],
  [
    'an address in another form',
    `${BEGIN}${JSON.stringify({ ...UP, endpoint: { ...ENDPOINT, address: '0x7f.1' } })}\n`,
    /Cannot read request/,
  ],
  ['port 0', `${BEGIN}${JSON.stringify({ ...UP, endpoint: { ...ENDPOINT, port: 0 } })}\n`, /Cannot read request/],
  ['a huge line', `${BEGIN}{"type":"look","id":1${' '.repeat(DOWN_BYTES)}}\n`, /more than 4096 bytes/],
  ['half a line', `${BEGIN}{"type":"lo`, /the input ends in the middle of a line/],
];

describe('wgkex-tunnel ends, and serves nothing more, at', () => {
  for (const [name, text, reason] of BAD_LINES)
    test(name, async () => {
      const { input, asked, ended } = start();
      input.end(text + (text.endsWith('\n') ? look(9) : ''));
      await assert.rejects(ended, { name: 'InputError', message: reason });
      assert.deepEqual(asked, []);
    });

  test('a bad line after a good one, which is served', async () => {
    const { input, asked, written, ended } = start();
    input.end(`${BEGIN}${look(1)}nonsense\n${look(2)}`);
    await turns();
    asked[0]?.answer();
    await assert.rejects(ended, /not JSON/);
    assert.equal(asked.length, 1);
    assert.equal(written(), READY + reply(1));
  });
});
