import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exchange } from '../../lab/client.ts';
import { attempt, pause, sh } from '../../lab/commands.ts';
import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { connect, look, makeKeyPair } from '../../lab/operator.ts';
import { deriveAll } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const STALE_AFTER_SECONDS = 183;
const OPERATORS_NETWORKS = ['fe80::77/128', '198.51.100.0/24'];
const OPERATORS_ENDPOINT = '203.0.113.9';

const ALIVE = makeKeyPair('page: alive');
const STALE = makeKeyPair('page: stale');
const PENDING = makeKeyPair('page: pending');
const STATIC = makeKeyPair('page: static');

let gateway: Gateway;
let directory: string;
/** A moment at which each router is in the state of its name. */
let now: number;

before(async () => {
  gateway = await Gateway.create(45, [{ name: 'ffww01' }, { name: 'ffmuc_welt', settings: { address: 'ffmuc' } }]);
  await gateway.configure({ cleanup: { stale_after_seconds: STALE_AFTER_SECONDS } });
  await gateway.start();
  directory = await mkdtemp('/var/lib/wgkex-page-');
  const settings = ['allowed-ips', OPERATORS_NETWORKS.join(','), 'endpoint', `${OPERATORS_ENDPOINT}:4242`];
  await gateway.run('wg', 'set', gateway.wireguard(), 'peer', STATIC.publicKey, ...settings);
  for (const { publicKey } of [ALIVE, STALE, PENDING])
    assert.equal(await exchange(gateway.address, 'ffww01', publicKey), 'OK\n');
  assert.equal(await exchange(gateway.address, 'ffww01', STATIC.publicKey), 'ERR: PROHIBITED_WGKEY\n');
  // The handler writes its counts to disk when it ends.
  await gateway.reload({ cleanup: { stale_after_seconds: STALE_AFTER_SECONDS } });
  now = (await connect(gateway, STALE)) + STALE_AFTER_SECONDS + 1;
  await pause(5000);
  await connect(gateway, ALIVE);
  assert.equal((await gateway.cleanUp('ffww01')).exitCode, 0);
});
after(async () => {
  await gateway.close();
  await rm(directory, { recursive: true, force: true });
});

describe('a public page', () => {
  test('shows the state of the routers and the domains', async () => {
    const page = await makePage();
    assert.match(page, /<title>4 routers: 1 alive, 0 idle, 1 stale, 1 never connected, 1 set up by hand<\/title>/);
    assert.match(page, /Registrations in the last day: 3 admitted, 1 refused, 0 failed\./);
    assert.match(page, /<title>Routers that joined: 2 in the last day, 2 in the last week<\/title>/);
    assert.match(page, /Everything is in order\./);
    assert.match(page, /<h2 id="domain-ffmuc_welt">ffmuc_welt<\/h2>/);
  });

  test('has no keys, addresses or names of interfaces, even if one of each needs attention', async () => {
    await writeFile(`/etc/netns/${gateway.namespace}/wgkex/disallowed_keys`, `${PENDING.publicKey}\nrubbish\n`);
    await gateway.run('ip', 'link', 'set', gateway.vxlan('ffmuc_welt'), 'down');
    const { stdout } = await look(gateway, ['status'], { now });
    for (const told of [PENDING.publicKey, 'rubbish', gateway.vxlan('ffmuc_welt')])
      assert.ok(stdout.includes(told), told);

    const page = await makePage();
    for (const sentence of ['1 domain is out of service.', '1 domain needs the operator’s attention.'])
      assert.ok(page.includes(sentence), sentence);
    const secrets = await findSecrets();
    assert.ok(secrets.length >= 40, `${secrets.length}`);
    for (const secret of secrets) assert.ok(!page.includes(secret), secret);
    assert.doesNotMatch(page, /[A-Za-z0-9+/]{42,}=|fe80|\d+\.\d+\.\d+\.\d+|([0-9a-f]{2}:){3}|\w:\/\//i);
  });

  test('is a success even if something needs attention, so that a timer does not fail', async () => {
    const file = join(directory, 'page.html');
    const { exitCode, stdout, stderr } = await look(gateway, ['status', '--html', file], { now });
    assert.deepEqual([exitCode, stdout, stderr], [0, '', '']);
    assert.equal((await stat(file)).mode & 0o777, 0o644);
  });

  test('that cannot be written causes one line and status 1', async () => {
    const file = join(directory, 'taken', 'page.html');
    const write = () => look(gateway, ['status', '--html', file], { now });
    const missing = await write();
    const reason = `wgkex: Cannot write ${file}: Cannot read ${dirname(file)}: no such file or directory`;
    assert.deepEqual([missing.exitCode, missing.stdout, missing.stderr], [1, '', reason]);
    await mkdir(file, { recursive: true });
    const taken = await write();
    assert.deepEqual([taken.exitCode, taken.stderr], [1, `wgkex: Cannot write ${file}: it is not a file`]);
  });

  test('that does not fit on the disk leaves the old one intact and nothing else behind', async () => {
    const full = join(directory, 'full');
    const file = join(full, 'page.html');
    await mkdir(full);
    await sh('mount', '-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', full);
    await writeFile(file, 'old');
    const { exitCode, stderr } = await look(gateway, ['status', '--html', file], { now });
    assert.deepEqual([exitCode, stderr], [1, `wgkex: Cannot write ${file}: no space left on device`]);
    assert.deepEqual([await readdir(full), await readFile(file, 'utf8')], [['page.html'], 'old']);
    await sh('umount', full);
  });

  const skip = IS_ROOT_ALONE ? 'SKIPPED: a user namespace has no other users' : false;
  test('written without root lacks only the routers and their history, and standard error says so', {
    skip,
  }, async () => {
    const own = await mkdtemp('/tmp/wgkex-page-');
    await gateway.run('chown', 'wgkex', own);
    const [program = '', ...options] = AS_WGKEX;
    const words = [...options, '/usr/bin/wgkex', 'status', '--html', `${own}/page.html`];
    const { exitCode, stderr } = await attempt(gateway.namespace, program, words);
    const hints = ['ffww01', 'ffmuc_welt'].map((name) => `wgkex: Cannot read the peers of ${name}: run it as root`);
    const history = `/var/lib/wgkex/${gateway.namespace}/ffww01.history.json`;
    const lines = [...hints, `wgkex: Cannot read ${history}: permission denied`];
    assert.deepEqual([exitCode, stderr], [0, lines.join('\n')]);
    const page = await readFile(`${own}/page.html`, 'utf8');
    assert.equal(page.split('Its routers could not be read.').length, 3);
    assert.match(page, /3 admitted, 1 refused/);
    assert.match(page, /Its history could not be read\./);
    await rm(own, { recursive: true });
  });
});

async function makePage(): Promise<string> {
  const file = join(directory, 'page.html');
  const { stderr } = await look(gateway, ['status', '--html', file], { now });
  assert.equal(stderr, '');
  return readFile(file, 'utf8');
}

/** Everything that would reveal who or where a router is, or how the gateway is set up. */
async function findSecrets(): Promise<string[]> {
  const domains = ['ffww01', 'ffmuc_welt'];
  const ownKeys = await Promise.all(domains.map((domain) => gateway.publicKey(domain)));
  const keys = [...[ALIVE, STALE, PENDING, STATIC].map(({ publicKey }) => publicKey), ...ownKeys];
  const links = keys.flatMap((key) => deriveAll(parsePublicKey(key)));
  const peers = (await Promise.all(domains.map((domain) => gateway.peers(domain)))).flat();
  assert.ok(peers.some(({ endpoint }) => endpoint === gateway.segment.ipv4('0.2')));
  return [
    ...keys.map((key) => key.slice(0, 12)),
    ...links.flatMap(({ address, mac }) => [address, mac]),
    ...peers.flatMap(({ endpoint, allowedIps }) => [...allowedIps, ...(endpoint === undefined ? [] : [endpoint])]),
    ...domains.flatMap((domain) => [gateway.wireguard(domain), gateway.vxlan(domain)]),
    ...[gateway.address, gateway.namespace, 'rubbish', 'disallowed', 'ip link'],
  ];
}
