// What Node alone can do over HTTP: parses a JSON body and says OK. Usage: http-limit.mjs PORT LINES-PORT
import { createServer } from 'node:http';
import { createServer as createLinesServer } from 'node:net';

const BODY = '{"Message":"OK","status":"OK"}';

const server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => {
    text += chunk;
  });
  request.on('end', () => {
    const { domain, public_key: key } = JSON.parse(text);
    response.writeHead(domain && key ? 200 : 400, {
      'Content-Type': 'application/json',
      'Content-Length': BODY.length,
    });
    response.end(BODY);
  });
});
server.listen({ host: '::', port: Number(process.argv[2]), backlog: 4096 });
createLinesServer((socket) => socket.end('OK\n')).listen(Number(process.argv[3]), '::');
