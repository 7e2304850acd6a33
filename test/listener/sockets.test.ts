import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ListeningSockets } from '../../src/listener/sockets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = '127.0.0.1';
const ANY_PORT = { host: HERE, port: 0 };

test('connections to all addresses are accepted, and none after the sockets are closed', async (t) => {
  const sockets = greeting(t);
  await sockets.open([ANY_PORT, { host: '127.0.0.2', port: 0 }]);
  const names = sockets.names;
  assert.equal(names.length, 2);
  for (const name of names) assert.equal(await greetingOf(name), 'hello');
  sockets.close();
  for (const name of names) await assert.rejects(greetingOf(name), { code: 'ECONNREFUSED' });
});

test('an address that is taken causes an error that names it, and nothing stays open', async (t) => {
  const port = await takePort(t);
  const sockets = greeting(t);
  const message = `Cannot listen on 127.0.0.1:${port}: EADDRINUSE`;
  await assert.rejects(sockets.open([ANY_PORT, { host: HERE, port }]), { name: 'InputError', message });
  assert.deepEqual(sockets.names, []);
});

test('new addresses are opened and old ones closed, and open connections continue', async (t) => {
  const accepted: Socket[] = [];
  const sockets = greeting(t, {}, (socket) => accepted.push(socket) === 1);
  const [kept, gone, added] = [await freePort(), await freePort(), await freePort()];
  await sockets.open([
    { host: HERE, port: kept },
    { host: HERE, port: gone },
  ]);
  const open = connect(gone, HERE);
  t.after(() => open.destroy());
  const said = text(open);
  while (accepted.length === 0) await turn();
  await sockets.configure([
    { host: HERE, port: kept },
    { host: HERE, port: added },
  ]);
  assert.deepEqual(sockets.names, [`${HERE}:${kept}`, `${HERE}:${added}`]);
  assert.equal(await greetingOf(`${HERE}:${kept}`), 'hello');
  assert.equal(await greetingOf(`${HERE}:${added}`), 'hello');
  await assert.rejects(greetingOf(`${HERE}:${gone}`), { code: 'ECONNREFUSED' });
  accepted[0]?.end('hello');
  assert.equal(await said, 'hello');
});

test('a new configuration with an address that is taken changes nothing', async (t) => {
  const taken = await takePort(t);
  const sockets = greeting(t);
  await sockets.open([{ host: HERE, port: await freePort() }]);
  const before = sockets.names;
  const free = await freePort();
  await assert.rejects(
    sockets.configure([
      { host: HERE, port: free },
      { host: HERE, port: taken },
    ]),
    { name: 'InputError' },
  );
  assert.deepEqual(sockets.names, before);
  assert.equal(await greetingOf(before[0] ?? ''), 'hello');
  await assert.rejects(greetingOf(`${HERE}:${free}`), { code: 'ECONNREFUSED' });
});

const NOT_OURS: readonly (readonly [name: string, environment: NodeJS.ProcessEnv])[] = [
  ['sockets that systemd passed to another process', { LISTEN_PID: String(process.pid + 1), LISTEN_FDS: '1' }],
  ['sockets without a process', { LISTEN_FDS: '1' }],
  ['an invalid number of sockets', { LISTEN_PID: String(process.pid), LISTEN_FDS: 'many' }],
];
for (const [name, environment] of NOT_OURS) {
  test(`with ${name} the configured addresses are opened`, async (t) => {
    const sockets = greeting(t, environment);
    await sockets.open([ANY_PORT]);
    assert.equal(await greetingOf(sockets.names[0] ?? ''), 'hello');
  });
}

test('a socket from systemd is served, and no configured address is opened', async (t) => {
  const server = createServer();
  const port = await listen(server);
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', ACTIVATED], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit', descriptorOf(server)],
  });
  t.after(() => child.kill('SIGKILL'));
  server.close();
  assert.ok(child.stdout !== null);
  const [names] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(String(names), `${HERE}:${port}`);
  assert.equal(await greetingOf(`${HERE}:${port}`), 'hello');
});

test('a socket of wgkex-http.socket is for the HTTP door, and every other one for the two lines', async (t) => {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(servers.map(listen));
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', TWO_DOORS], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit', ...servers.map(descriptorOf)],
  });
  t.after(() => child.kill('SIGKILL'));
  for (const server of servers) server.close();
  assert.ok(child.stdout !== null);
  const [names] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(String(names), `http ${HERE}:${ports[0]}, lines ${HERE}:${ports[1]}`);
});

const TWO_DOORS = `
import { ListeningSockets } from ${JSON.stringify(join(ROOT, 'src/listener/sockets.ts'))};
const environment = {
  LISTEN_PID: String(process.pid),
  LISTEN_FDS: '2',
  LISTEN_FDNAMES: 'wgkex-http.socket:wgkex.socket',
};
const doors = ['http', 'lines'];
const names = [];
for (const door of doors) {
  const sockets = new ListeningSockets((socket) => socket.end(), environment, door);
  await sockets.open([{ host: '127.0.0.1', port: 0 }]);
  names.push(door + ' ' + sockets.names.join(' '));
}
process.stdout.write(names.join(', '));
`;

/** What systemd does between fork and exec: it names the process that the sockets are for. */
const ACTIVATED = `
import { ListeningSockets } from ${JSON.stringify(join(ROOT, 'src/listener/sockets.ts'))};
const environment = { LISTEN_PID: String(process.pid), LISTEN_FDS: '1' };
const sockets = new ListeningSockets((socket) => socket.end('hello'), environment);
await sockets.open([{ host: '127.0.0.1', port: 0 }]);
await sockets.configure([{ host: '127.0.0.1', port: 0 }]);
process.stdout.write(sockets.names.join(' '));
`;

/** Sockets that send "hello" to every client that does not have to wait, until the test ends. */
function greeting(
  t: TestContext,
  environment: NodeJS.ProcessEnv = {},
  hasToWait: (socket: Socket) => boolean = () => false,
): ListeningSockets {
  const sockets = new ListeningSockets((socket) => void (hasToWait(socket) || socket.end('hello')), environment);
  t.after(() => sockets.close());
  return sockets;
}

async function greetingOf(name: string): Promise<string> {
  const [, host = '', port] = name.match(/^(.*):(\d+)$/) ?? [];
  return await text(connect(Number(port), host));
}

/** A port that another server has taken. */
async function takePort(t: TestContext): Promise<number> {
  const server = createServer();
  t.after(() => void server.close());
  return await listen(server);
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** Node passes a socket to a child by its descriptor, but has no public interface for that. */
function descriptorOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, HERE);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
