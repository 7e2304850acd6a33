// A process that exchanges datagrams between two ports and holds each for a time: a round trip that stays as long as
// it is, however busy the test is. Usage: held-frames.ts ADDRESS MILLISECONDS PERCENT PORT PORT, each of a socket of its
// own, whose other end has the port after it. PERCENT of the datagrams are held half as long again.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** For what TCP sends at once. */
const BUFFER_BYTES = 1 << 21;

const [address = '', milliseconds, latePercent, ...ports] = process.argv.slice(2);
const ends = await Promise.all(ports.map((port) => openEnd(Number(port))));
for (const [index, end] of ends.entries()) holdFrames(end, ends[1 - index] ?? end);
process.stdout.write('ready\n');

interface End {
  readonly socket: Socket;
  send(frame: Buffer): void;
}

async function openEnd(port: number): Promise<End> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES });
  socket.bind(port, address);
  await once(socket, 'listening');
  return { socket, send: (frame) => socket.send(frame, port + 1, address) };
}

/** Timers of the same length fire in their order, so the frames that are not late stay in theirs. */
function holdFrames(from: End, to: End): void {
  from.socket.on('message', (frame) => {
    const isLate = Math.random() * 100 < Number(latePercent);
    setTimeout(() => to.send(frame), Number(milliseconds) * (isLate ? 1.5 : 1));
  });
}
