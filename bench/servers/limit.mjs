// What Node alone can do: reads two lines, answers OK, and does nothing. Usage: limit.mjs PORT
import { createServer } from 'node:net';

const LINES = 2;

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (text.split('\n').length > LINES) socket.end('OK\n');
  });
});
server.listen({ host: '::', port: Number(process.argv[2]), backlog: 4096 });
