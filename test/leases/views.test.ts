import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Gateway } from '../../lab/gateway.ts';
import { connect, look, lookUp, makeKeyPair } from '../../lab/operator.ts';
import { buildLeaseId, buildToken } from '../../src/core/leases/credentials.ts';
import type { Lease } from '../../src/core/leases/lease.ts';
import { deriveSecret } from '../../src/core/leases/proof.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { parseDomainName } from '../../src/core/values/names.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';
import { LeaseTable } from '../../src/system/leases/lease-table.ts';

const POOL = ['10.66.0.0/24', 'fd66::/112'];
const SETTINGS = { pool: POOL, endpoint: '198.51.100.1:51821', allowed_ips: ['10.66.0.0/24'] };
const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1000);

const MEMBER = makeKeyPair('a member');
const IDLER = makeKeyPair('a member who was away for a week');
const LOST = makeKeyPair('a member without a peer').publicKey;
const FORMER = makeKeyPair('a former member').publicKey;
const STRANGER = makeKeyPair('a peer without a lease').publicKey;
const ROUTER = makeKeyPair('a router').publicKey;
const OPERATORS = makeKeyPair("the operator's").publicKey;

let gateway: Gateway;
let table: LeaseTable;

before(async () => {
  gateway = await Gateway.create(147, [{ name: 'ffww01' }, { name: 'members', settings: SETTINGS }]);
  await mkdir(`/var/lib/wgkex/${gateway.namespace}`, { recursive: true });
  table = new LeaseTable(`/var/lib/wgkex/${gateway.namespace}/leases.db`);
  await gateway.start();
  await gateway.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
});
after(() => gateway.close());

function id(name: number): Lease['id'] {
  return buildLeaseId(new Uint8Array([name, name, name, name, name]));
}

async function grant(number: number, given: Partial<Lease> = {}): Promise<void> {
  const nothing = { email: undefined, note: undefined, orderId: undefined, expires: undefined, ended: undefined };
  const unbound = { key: undefined, address4: undefined, address6: undefined, bound: undefined };
  const secret = deriveSecret(buildToken(new Uint8Array(17).fill(number)));
  const lease = { id: id(number), secret, domain: parseDomainName('members'), created: NOW - DAY };
  await table.grant({ ...lease, ...nothing, ...unbound, usedKeys: [], reminded: [], ...given });
}

/** Gives a lease to a key, without a peer. */
async function bind(number: number, key: string, host: number, given: Partial<Lease> = {}): Promise<void> {
  await grant(number, given);
  const addresses = { address4: parseIpAddress(`10.66.0.${host}`), address6: parseIpAddress(`fd66::${host}`) };
  assert.deepEqual(await table.bind([{ id: id(number), key: parsePublicKey(key), ...addresses, now: NOW }]), [true]);
}

async function addPeer(key: string, ...allowed: string[]): Promise<void> {
  await gateway.run('wg', 'set', gateway.wireguard('members'), 'peer', key, 'allowed-ips', allowed.join(','));
}

function addMember(key: string, host: number): Promise<void> {
  return addPeer(key, `10.66.0.${host}/32`, `fd66::${host}/128`);
}

async function findStatus(options?: { readonly now?: number }) {
  const { document, exitCode, stderr } = await lookUp(gateway, ['status'], options);
  const [mesh, members] = document.domains;
  const codes = [...document.attention, ...members.attention].map(({ code }: { code: string }) => code);
  return { document, mesh, members, codes, exitCode, stderr };
}

async function findChecks() {
  const { document } = await lookUp(gateway, ['check']);
  const checks: {
    check: string;
    state: string;
    findings: { code: string; problem: string; remedy: string | null }[];
  }[] = document.checks;
  return new Map(checks.map(({ check, state, findings }) => [check, { state, findings }]));
}

test('a domain without a lease is sound', async () => {
  const { members, mesh, codes, exitCode, stderr } = await findStatus();
  assert.deepEqual([codes, exitCode, stderr], [[], 0, '']);
  assert.deepEqual(members.leases, { bound: 0, unbound: 0, overdue: 0, next_end: null });
  assert.deepEqual([members.vxlan, members.max_peers, members.max_pending], [null, 254, null]);
  assert.equal('leases' in mesh, false);
  const checks = await findChecks();
  const wrong = [...checks].filter(([, { state }]) => state === 'wrong');
  assert.deepEqual(wrong, []);
  for (const name of ['port', 'interfaces', 'leases', 'forwarding']) assert.equal(checks.get(name)?.state, 'ok', name);
});

describe('members', () => {
  before(async () => {
    await bind(1, MEMBER.publicKey, 2, { email: 'ada@example.org', note: 'Depot\u001b[31m', expires: NOW + 3 * DAY });
    await bind(2, IDLER.publicKey, 3, { expires: NOW + 30 * DAY });
    await grant(3, { expires: NOW - 60 });
    await addMember(MEMBER.publicKey, 2);
    await addMember(IDLER.publicKey, 3);
    await connect(gateway, MEMBER, { domain: 'members' });
    await connect(gateway, IDLER, { domain: 'members' });
    await addPeer(OPERATORS, '192.0.2.0/24');
  });

  test('are counted with their leases, and nothing is wrong', async () => {
    const { members, codes, exitCode } = await findStatus();
    assert.deepEqual([codes, exitCode], [[], 0]);
    assert.deepEqual(members.leases, { bound: 2, unbound: 1, overdue: 1, next_end: NOW + 3 * DAY });
    assert.deepEqual(members.peers, { alive: 2, idle: 0, stale: 0, pending: 0, static: 1 });
    const { stdout } = await look(gateway, ['status'], { columns: 120 });
    assert.match(stdout, /^Leases of members: 2 bound, 1 unbound, 1 overdue; the next end date is \d{4}-/m);
  });

  test('are idle and never stale, however long they were away', async () => {
    const { members } = await findStatus({ now: NOW + 7 * DAY });
    assert.deepEqual(members.peers, { alive: 0, idle: 2, stale: 0, pending: 0, static: 1 });
  });

  test('are listed without forwarding entries', async () => {
    const { stdout } = await look(gateway, ['peers', 'members'], { columns: 160 });
    assert.match(stdout, /10\.66\.0\.2, fd66::2/);
    assert.doesNotMatch(stdout, /FDB/);
    const { document } = await lookUp(gateway, ['peers', 'members']);
    const member = document.peers.find(({ key }: { key: string }) => key === MEMBER.publicKey);
    assert.deepEqual([member.address, member.mac, member.missing_entries], ['10.66.0.2', null, null]);
  });

  test('are found by address, by key and by the ID of their lease', async () => {
    for (const query of ['10.66.0.2', 'fd66::2', MEMBER.publicKey, id(1)]) {
      const { stdout, exitCode } = await look(gateway, ['show', query], { columns: 160 });
      assert.equal(exitCode, 0, query);
      assert.match(
        stdout,
        new RegExp(`lease +${id(1)}, until .* \\(in 2 d\\), ada@example.org, Depot(?!\\u001b)`),
        query,
      );
      assert.doesNotMatch(stdout, /entries|USED BY.*members|eui64 .* members/, query);
    }
    const { document } = await lookUp(gateway, ['show', '10.66.0.2']);
    const [, members] = document.routers[0].domains;
    assert.deepEqual([members.lease.id, members.lease.state, members.obstacles], [id(1), 'bound', []]);
    assert.equal('lease' in document.routers[0].domains[0], false);
  });

  test('are not removed, added, released or adopted behind the back of their lease', async () => {
    const refusals = [
      [['remove', 'members', MEMBER.publicKey], `wgkex lease revoke ${id(1)}`],
      [['add', 'members', ROUTER], 'wgkex lease grant members'],
      [['release', 'members', MEMBER.publicKey], `wgkex static add ${MEMBER.publicKey}`],
      [['adopt', 'members'], 'wgkex lease grant members'],
    ] as const;
    const listPeers = async () => (await gateway.peers('members')).map(({ key }) => key).sort();
    const before = await listPeers();
    for (const [args, command] of refusals) {
      const { exitCode, stderr } = await look(gateway, args);
      assert.deepEqual([exitCode, stderr.includes(command)], [1, true], stderr);
    }
    assert.deepEqual(await listPeers(), before);
  });

  test('are on the public page, without anything about their leases', async () => {
    const { exitCode, stdout } = await look(gateway, ['status', '--html', '-']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /<h2 id="domain-members">members<\/h2><span class="condition good">/);
    for (const secret of [id(1), 'ada@example.org', '10.66.0', MEMBER.publicKey]) assert.ok(!stdout.includes(secret));
  });

  test('are counted even where nothing can be written, as in the unit of the page', async () => {
    const directory = `/var/lib/wgkex/${gateway.namespace}`;
    const protect = `mount --bind ${directory} ${directory} && mount -o remount,bind,ro ${directory}`;
    const printed = await gateway.run('unshare', '--mount', 'sh', '-c', `${protect} && wgkex status --json`);
    assert.equal(JSON.parse(printed).domains[1].leases.bound, 2);
  });

  test('count as peers in the metrics, with no entries', async () => {
    await gateway.configure({ metrics: { listen: '127.0.0.1:9586' } });
    const { stdout } = await gateway.handle('{"type":"numbers","id":1,"domain":"members"}\n');
    await gateway.configure();
    const { numbers } = JSON.parse(stdout.split('\n')[1] ?? '');
    assert.deepEqual([numbers.alive, numbers.stale, numbers.static, numbers.entries], [2, 0, 1, 0]);
  });
});

describe('what does not fit together', () => {
  test('a bound lease without its peer is a finding, which a repair fixes', async () => {
    await bind(4, LOST, 4);
    const { members } = await findStatus();
    const [found] = members.attention;
    const repair = '/usr/lib/wgkex/wgkex-cleanup --repair members';
    assert.deepEqual([found.code, found.remedy], ['peers-missing', repair]);
    const shown = await look(gateway, ['show', LOST], { columns: 160 });
    assert.match(shown.stdout, new RegExp(`its lease ${id(4)} lasts, but it has no peer; to restore it: ${repair}`));
    assert.equal((await gateway.cleanUp('--repair', 'members')).exitCode, 0);
    assert.deepEqual((await findStatus()).codes, []);
  });

  test('a blocked member loses its peer, and gets it back only after it is unblocked', async () => {
    assert.equal((await look(gateway, ['block', LOST])).exitCode, 0);
    assert.equal(await gateway.findPeer(LOST, 'members'), undefined);
    await gateway.cleanUp('members');
    assert.equal(await gateway.findPeer(LOST, 'members'), undefined);
    assert.deepEqual((await findStatus()).codes, []);
    const { stdout } = await look(gateway, ['show', LOST], { columns: 160 });
    assert.match(stdout, /the key is in \/etc\/wgkex\/disallowed_keys: PROHIBITED_WGKEY/);
    assert.match(stdout, /lasts, but gives it no peer as long as that is so/);
    assert.equal((await look(gateway, ['unblock', LOST])).exitCode, 0);
    await gateway.cleanUp('members');
    assert.notEqual(await gateway.findPeer(LOST, 'members'), undefined);
  });

  test('a peer without a lease is a finding, and can be removed', async () => {
    await addMember(STRANGER, 77);
    const { members, codes } = await findStatus();
    assert.deepEqual(codes, ['peers-without-lease']);
    assert.equal(members.attention[0].problem, '1 peer has no lease; the cleanup removes it');
    await gateway.cleanUp('members');
    const { stdout } = await look(gateway, ['show', '10.66.0.77'], { columns: 160 });
    assert.match(stdout, /lease +none; the cleanup removes it/);
    assert.match(stdout, /cleanup +marked .* on removes it, unless it gets a lease/);
    const removed = await look(gateway, ['remove', 'members', STRANGER]);
    assert.deepEqual([removed.exitCode, removed.stderr], [0, '']);
    assert.equal(await gateway.findPeer(STRANGER, 'members'), undefined);
    assert.deepEqual((await findStatus()).codes, []);
  });

  test('a key is absent because it has no lease, or because its lease ended', async () => {
    await bind(5, FORMER, 5);
    await table.revoke(id(5), NOW);
    const former = await look(gateway, ['show', '10.66.0.5'], { columns: 160 });
    assert.match(
      former.stdout,
      new RegExp(`its lease ${id(5)} ended on \\d{4}-.*wgkex lease extend ${id(5)} --days N`),
    );
    const stranger = await look(gateway, ['show', STRANGER], { columns: 160 });
    assert.match(stranger.stdout, /members {2}not there\n {2}it has no lease\n/);
  });

  test("a member that is made static becomes the operator's", async () => {
    assert.equal((await look(gateway, ['static', 'add', IDLER.publicKey])).exitCode, 0);
    const { members, codes } = await findStatus();
    assert.deepEqual([members.peers.static, codes], [2, []]);
    const { stdout } = await look(gateway, ['show', IDLER.publicKey], { columns: 160 });
    assert.match(stdout, /static +the operator's: its key is in/);
    assert.equal((await look(gateway, ['static', 'remove', IDLER.publicKey])).exitCode, 0);
  });

  test('a pool that was made smaller is a finding', async () => {
    await rewritePool(['10.66.0.0/30', 'fd66::/126']);
    const { members } = await findStatus();
    const found = members.attention.map(({ code }: { code: string }) => code);
    assert.deepEqual(found, ['leases-outside-pool', 'pool-limit']);
    assert.match(members.attention[0].problem, new RegExp(`wgkex lease release ID \\(${id(4)}\\)`));
    const { stdout } = await look(gateway, ['show', LOST], { columns: 160 });
    assert.match(stdout, /^members +pending$/m, 'it is still a member');
    assert.match(stdout, new RegExp(`lease +${id(4)}, without an end date`));
    await gateway.configure();
  });

  test('a domain that lost its pool is a finding', async () => {
    const text = await readFile(gateway.configFile, 'utf8');
    await writeFile(gateway.configFile, text.replace('[domains.members]', '[domains.guests]'));
    const { document } = await lookUp(gateway, ['status']);
    const [found] = document.attention;
    assert.equal(found.code, 'leases-without-domain');
    assert.match(found.problem, /^4 leases are for members, which has no pool in the configuration/);
    await gateway.configure();
  });

  test('a table that cannot be read is one finding, names its remedy, and nobody is removed by hand either', async () => {
    const file = table.path;
    const sound = await readFile(file);
    await writeFile(file, 'x'.repeat(4096));
    const { codes, document, members } = await findStatus();
    assert.deepEqual([codes, members.leases], [['leases-unreadable'], null]);
    assert.match(document.attention[0].problem, /leases\.db: it is damaged; .* wgkex lease restore FILE$/);
    assert.equal((await findChecks()).get('leases')?.findings[0]?.code, 'leases-unreadable');
    const removed = await look(gateway, ['remove', 'members', MEMBER.publicKey]);
    assert.equal(removed.exitCode, 1);
    assert.notEqual(await gateway.findPeer(MEMBER.publicKey, 'members'), undefined);
    await writeFile(file, sound);
    assert.deepEqual((await findStatus()).codes, []);
  });

  test('a gateway without sqlite3 names the package', async () => {
    const hidden = await gateway
      .run(
        'unshare',
        '--mount',
        'sh',
        '-c',
        'mount --bind /dev/null /usr/bin/sqlite3; wgkex status --json; wgkex check --json || true',
      )
      .catch((error: Error) => error.message);
    assert.match(hidden, /apt-get install sqlite3/);
  });
});

describe('check', () => {
  test('reports a table that others may read', async () => {
    await gateway.run('chmod', '0644', table.path);
    const found = (await findChecks()).get('permissions')?.findings ?? [];
    assert.deepEqual(
      found.map(({ code, remedy }) => [code, remedy]),
      [['leases-readable', `chmod 0600 ${table.path}`]],
    );
  });

  test('reports an interface without an address in the pool', async () => {
    const wireguard = gateway.wireguard('members');
    await gateway.run('ip', 'address', 'del', '10.66.0.1/24', 'dev', wireguard);
    const found = (await findChecks()).get('interfaces')?.findings ?? [];
    assert.deepEqual(
      found.map(({ code, problem }) => [code, problem]),
      [['pool-no-address', `${wireguard} has no address in 10.66.0.0/24, a network of the pool`]],
    );
    await gateway.run('ip', 'address', 'add', '10.66.0.1/24', 'dev', wireguard);
  });

  test('reports a kernel that does not forward, and a firewall that does not know the interface', async () => {
    await gateway.run('sysctl', '-qw', 'net.ipv4.ip_forward=0');
    const chain = 'add table inet lab; add chain inet lab fw { type filter hook forward priority 0; policy drop; }';
    await gateway.run('nft', chain);
    const found = (await findChecks()).get('forwarding')?.findings ?? [];
    assert.deepEqual(
      found.map(({ code, remedy }) => [code, remedy]),
      [
        ['forwarding-off', 'sysctl -w net.ipv4.ip_forward=1'],
        ['forwarding-blocked', 'nft list chain inet lab fw'],
      ],
    );
    await gateway.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    await gateway.run('nft', `add rule inet lab fw iifname "${gateway.wireguard('members').slice(0, 4)}*" accept`);
    assert.equal((await findChecks()).get('forwarding')?.state, 'ok');
  });
});

async function rewritePool(pool: readonly string[]): Promise<void> {
  const text = await readFile(gateway.configFile, 'utf8');
  await writeFile(gateway.configFile, text.replace(/^pool = .*$/m, `pool = ${JSON.stringify(pool)}`));
}
