import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { buildFrames, LENGTH_BYTES } from '../../src/core/relay/framing.ts';

/** A message that has the form of WireGuard's. */
export function buildMessage(type: number, length: number): Buffer {
  const message = Buffer.alloc(length, length);
  message.set([type, 0, 0, 0]);
  return message;
}

/** Messages, or what is none, as the other end of a connection sends them. */
export function frame(...messages: readonly Buffer[]): Buffer {
  const bytes = messages.reduce((total, { length }) => total + LENGTH_BYTES + length, 0);
  return buildFrames(messages, bytes);
}

/** The other end of a connection. */
export class OtherEnd {
  readonly socket: Socket;
  /** What has arrived and was not read. */
  bytes = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
    });
  }

  async read(length: number): Promise<Buffer> {
    while (this.bytes.length < length) await turn();
    const read = this.bytes.subarray(0, length);
    this.bytes = this.bytes.subarray(length);
    return read;
  }
}
