// Stands for wgkex-tunnel: its kernel is a file, and another file says what the world around is like.
// Usage: node tunnel.mjs DIRECTORY      kernel.json: the tunnel; requests: the requests that came, one a line;
//                                    world.json: alive: "GATEWAY VIA" of those that answer WireGuard; refused: what
//                                    each type of request is refused with; expires: of the lease from the next up on
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [directory] = process.argv.slice(2);
const DOWN = { isUp: false, handshake: 0, received: 0, sent: 0, addresses: [] };
const KEY = 'TszFS3oFRdhsJP3K0VOlklGMGYZy+oFCtlaghXJqW2g=';
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const read = (file, otherwise) =>
  existsSync(`${directory}/${file}`) ? JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')) : otherwise;
let tickets = 0;

function write(kernel) {
  writeFileSync(`${directory}/kernel.json.new`, JSON.stringify(kernel));
  renameSync(`${directory}/kernel.json.new`, `${directory}/kernel.json`);
}

function look({ alive }) {
  const { endpoint, ...kernel } = read('kernel.json', DOWN);
  if (!kernel.isUp || !alive.includes(`${kernel.gateway} ${kernel.via}`)) return kernel;
  const now = { ...kernel, handshake: Math.floor(Date.now() / 1000), received: kernel.received + 100 };
  write({ ...now, endpoint });
  return now;
}

function bringUp({ gateway, via, endpoint, config }, { expires }) {
  const text = Buffer.from(config, 'base64').toString();
  const relay = /^# Relay: (.*)$/m.exec(text)?.[1];
  const end = expires === undefined ? {} : { expires };
  const tunnel = { ...DOWN, isUp: true, gateway, via, endpoint, addresses: ['10.66.0.7'], ...end };
  write(relay === undefined ? tunnel : { ...tunnel, relay });
}

function answer(request, world) {
  const { type } = request;
  if (type === 'ticket')
    return { ticket: { key: KEY, line: `abcdefgh.nonce${String(++tickets).padStart(3, '0')}.${'p'.repeat(43)}` } };
  if (type === 'up') bringUp(request, world);
  if (type === 'down') write(DOWN);
  return type === 'down' ? {} : { look: look(world) };
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { type, id, ...request } = JSON.parse(line);
  if (type === 'begin') return say({ type: 'ready' });
  appendFileSync(`${directory}/requests`, `${type}\n`);
  const world = read('world.json', {});
  if (world.dies === type) process.exit(3);
  if (world.hangs?.includes(type)) return;
  const refused = world.refused?.[type];
  say({ type, id, ...(refused === undefined ? answer({ type, ...request }, world) : { refused }) });
});
