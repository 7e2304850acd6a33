import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { Connection } from '../../src/relay/connection.ts';
import { Figures } from '../../src/relay/figures.ts';
import type { Bytes } from '../arbitraries/bytes.ts';
import { datagrams, frameStreams } from '../arbitraries/relay.ts';
import { expectRelayed, isWireguard } from '../model/relay.ts';
import { buildLocalTarget, type Target } from './target.ts';

/** Both directions of a connection. */
interface Traffic {
  /** What the other end sends, in chunks. */
  readonly stream: readonly Bytes[];
  /** What comes from UDP. */
  readonly datagrams: readonly Bytes[];
}

/** One initiation more than a connection may have in 5 s is dropped. */
const MOST_INITIATIONS = 5;

/** A connection of the relay on a stream without a network: what it passes on in each direction, and when it closes. */
export function createRelayTarget(): Target<Traffic> {
  return buildLocalTarget<Traffic>({
    name: 'relay',
    corpus: [
      { stream: ['\0'], datagrams: [''] },
      { stream: ['GET / HTTP/1.1\r\n\r\n'], datagrams: ['GET / HTTP/1.1\r\n\r\n'] },
      { stream: [`\xff\xff\x04\0\0\0${'x'.repeat(65_531)}`], datagrams: [`\x04\0\0\0${'x'.repeat(65_531)}`] },
    ],
    runs: fc.record({ stream: frameStreams, datagrams: fc.array(datagrams, { maxLength: 8 }) }),
    print: (traffic) => JSON.stringify(traffic),
    check: async (traffic) => {
      assert.deepEqual(await relay(traffic), expect(traffic));
    },
  });
}

function expect({ stream, datagrams: sent }: Traffic) {
  const { messages, isRefused } = expectRelayed(stream.join(''));
  const framed = limit(sent.filter(isWireguard)).map(
    (one) => String.fromCharCode(one.length >> 8, one.length & 255) + one,
  );
  return { delivered: limit(messages), isRefused, written: isRefused ? '' : framed.join('') };
}

function limit(messages: readonly Bytes[]): Bytes[] {
  let initiations = 0;
  return messages.filter((message) => message[0] !== '\x01' || ++initiations <= MOST_INITIATIONS);
}

async function relay({ stream, datagrams: sent }: Traffic) {
  const written: Buffer[] = [];
  const delivered: Bytes[] = [];
  let isRefused = false;
  const socket = new Duplex({
    read: () => {},
    write: (chunk, _, done) => {
      written.push(chunk);
      done();
    },
  });
  const outlet = {
    deliver: (message: Buffer) => delivered.push(message.toString('latin1')),
    closed: (reason: string) => {
      isRefused = reason.includes('not WireGuard');
    },
  };
  const connection = new Connection(socket as Socket, outlet, new Figures());
  for (const chunk of stream) if (!isRefused) socket.emit('data', Buffer.from(chunk, 'latin1'));
  for (const datagram of sent) connection.send(Buffer.from(datagram, 'latin1'));
  await turn();
  const all = Buffer.concat(written).toString('latin1');
  connection.close('the end');
  return { delivered, isRefused, written: all };
}
