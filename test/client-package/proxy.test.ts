import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { attempt, type Background, eventually, ipBatch, pause, sh, shIn, startIn } from '../../lab/commands.ts';

const SOCKS = '/usr/lib/wgkex-client/wgkex-socks';
const WORDS = ['members', '127.0.0.1', '1080'];
const NAMESPACE = 'proxy';
const UNPACKED = 'node_modules/.cache/microsocks/microsocks';
/** Longer than a change of an address takes to be seen. */
const UNSEEN_MS = 500;
/** Asks a server on this machine through the proxy (RFC 1928) which address the connection comes from. */
const ASK = `const { connect, createServer } = require('node:net');
const server = createServer((socket) => socket.end(socket.remoteAddress)).listen(8000, '127.0.0.1', () => {
  const socket = connect(1080, '127.0.0.1', () => socket.write(Buffer.from('050100', 'hex')));
  socket.once('data', () => {
    socket.write(Buffer.from('050100017f0000011f40', 'hex'));
    let got = Buffer.alloc(0);
    socket.on('data', (data) => { got = Buffer.concat([got, data]); });
    socket.on('end', () => { console.log(got.subarray(10).toString()); process.exit(); });
  });
});`;
const skip = !existsSync(SOCKS) && 'wgkex-client is installed only in a lab';

describe('the proxy of a tunnel', { skip }, () => {
  before(async () => {
    assert.ok(existsSync(UNPACKED), 'run bin/unpack microsocks microsocks first');
    await copyFile(UNPACKED, '/usr/bin/microsocks');
    await sh('ip', 'netns', 'add', NAMESPACE);
    const links = ['wg-members', 'other'].flatMap((name) => [`link add ${name} type bridge`, `link set ${name} up`]);
    await ipBatch(NAMESPACE, 'link set lo up', ...links);
  });
  after(() => sh('ip', 'netns', 'delete', NAMESPACE));

  test('waits for the address of the lease without a look at the clock', async () => {
    const proxy = startIn(NAMESPACE, SOCKS, ...WORDS);
    await eventually('it sleeps', async () => (await readCommand(proxy)) === 'sleep infinity');
    await ipBatch(NAMESPACE, 'address add fd66::5/128 dev wg-members', 'address add 10.66.0.5/32 dev wg-members');
    await endsByItself(proxy);
  });

  test('sends from the address of the lease, and ends when it changes, but not when another one does', async () => {
    const proxy = startIn(NAMESPACE, SOCKS, ...WORDS);
    await eventually('it listens', async () => (await shIn(NAMESPACE, 'ss', '-Hltn')).includes('127.0.0.1:1080'));
    assert.equal(await shIn(NAMESPACE, 'node', '-e', ASK), '10.66.0.5');
    await ipBatch(NAMESPACE, 'address add 10.1.1.1/32 dev other');
    await pause(UNSEEN_MS);
    assert.equal(await readCommand(proxy), '/usr/bin/microsocks -i 127.0.0.1 -p 1080 -b 10.66.0.5');

    const { exitCode, stderr } = await attempt(NAMESPACE, SOCKS, WORDS);
    assert.deepEqual([exitCode, stderr], [1, 'wgkex-socks: another program listens on 127.0.0.1, port 1080']);

    await ipBatch(NAMESPACE, 'address add 10.66.0.6/32 dev wg-members', 'address delete 10.66.0.5/32 dev wg-members');
    await endsByItself(proxy);
    assert.equal(proxy.stderr, '', 'the journal does not have who connected where');
  });
});

/** Also ends what is left of it, as systemd does before it starts it again. */
async function endsByItself(proxy: Background): Promise<void> {
  await eventually('it ends', () => proxy.hasEnded);
  assert.equal(proxy.child.signalCode, 'SIGTERM');
  await eventually('all of it is gone', async () => {
    await sh('sh', '-c', `kill -KILL $(ip netns pids ${NAMESPACE}) 2>/dev/null || true`);
    return (await sh('ip', 'netns', 'pids', NAMESPACE)) === '';
  });
}

async function readCommand({ pid }: Background): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').join(' ').trim();
}
