import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { open } from '../lab/client.ts';
import { pause } from '../lab/commands.ts';
import type { Visit } from './model/wire.ts';

/** Longer than a gateway takes for anything: a client without a reply by then has found a fault. */
const PATIENCE_MILLISECONDS = 30_000;

/** The address of the gateway and that of the client. */
export interface Way {
  readonly to: string;
  readonly from: string;
}

/**
 * Plays a visit over a real connection; returns everything that came back until the gateway closed.
 * `keep` gets the sockets that linger, and must destroy them.
 */
export async function play(
  visit: Visit,
  { to, from }: Way,
  lineSeconds: number,
  keep: (socket: Socket) => void,
): Promise<string> {
  const socket = await open(to, { from });
  socket.setNoDelay(true);
  const heard = listen(socket, visit.end === 'linger' ? keep : (ended) => ended.end());
  for (const step of visit.send) {
    if (socket.destroyed) break;
    if (typeof step === 'number') await pause(step * lineSeconds * 1000);
    else if (socket.writable) socket.write(Buffer.from(step, 'latin1'));
    // Data written in the same turn could leave in one packet.
    await turn();
  }
  leave(socket, visit.end);
  return heard;
}

function listen(socket: Socket, onEnd: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MILLISECONDS);
    const settle = () => {
      clearTimeout(timer);
      resolve(text);
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => {
      onEnd(socket);
      settle();
    });
    // 'close' follows. A gateway may reset a connection after its reply.
    socket.on('error', () => {});
    socket.on('close', settle);
  });
}

function leave(socket: Socket, end: Visit['end']): void {
  if (end === 'half-close') socket.end();
  if (end === 'close') socket.destroy();
  if (end === 'reset') socket.resetAndDestroy();
}
