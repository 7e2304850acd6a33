// A web page of the gateway for visitors through the tunnel: hello-page.ts ADDRESS PORT
import { createServer } from 'node:http';

const [host, port] = process.argv.slice(2);

createServer((request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(`Hello ${request.socket.remoteAddress}, you came through the tunnel.`);
}).listen({ host, port: Number(port) });
