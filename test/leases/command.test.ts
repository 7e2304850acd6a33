import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { makeKey, send } from '../../lab/client.ts';
import { attempt, eventually } from '../../lab/commands.ts';
import { Gateway, IS_IN_USER_NAMESPACE } from '../../lab/gateway.ts';
import { startJournal } from '../../lab/journal.ts';
import { connect, look, lookUp, makeKeyPair } from '../../lab/operator.ts';
import { parseCredentials } from '../../src/core/leases/credentials.ts';
import { buildProof, buildReplyProof, deriveSecret } from '../../src/core/leases/proof.ts';
import { formatThirdLine } from '../../src/core/leases/third-line.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const DAY = 86_400;
const POOL = ['10.66.0.0/24', 'fd66::/112'];
const TICKET = /^[a-z2-7]{8}-[a-z2-7]{26}$/;
const MEMBERS = { pool: POOL, endpoint: '198.51.100.1:51821', allowed_ips: ['10.66.0.0/24'] };

let gateway: Gateway;
let limits: { readonly exempt: readonly string[] };
let state: string;
let leases: string;

before(async () => {
  gateway = await Gateway.create(82, [{ name: 'ffww01' }, { name: 'members', settings: MEMBERS }]);
  state = `/var/lib/wgkex/${gateway.namespace}`;
  leases = `${state}/leases.db`;
  // The tests send more requests than one source may.
  limits = { exempt: [`${gateway.segment.ipv4('0.2')}/32`] };
  await gateway.configure({ limits });
  await gateway.start();
});
after(() => gateway.close());
beforeEach(async () => {
  await gateway.configure({ limits });
  for (const { key } of await gateway.peers('members')) await removePeer(key);
  for (const name of ['leases.db', 'leases.db.before']) await rm(`${state}/${name}`, { force: true });
});

const removePeer = (key: string) => gateway.run('wg', 'set', gateway.wireguard('members'), 'peer', key, 'remove');

/** Runs `wgkex lease`, which has to succeed without a complaint, but that no mails are sent; returns what it printed. */
async function lease(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await look(gateway, ['lease', ...args], { columns: 200 });
  assert.deepEqual([exitCode, stderr.replace(/^wgkex: No mail is sent to .*/, '')], [0, ''], stdout);
  return stdout;
}

async function leaseJson(...args: string[]) {
  const { exitCode, stderr, document } = await lookUp(gateway, ['lease', ...args]);
  assert.deepEqual([exitCode, stderr], [0, '']);
  return document;
}

async function grant(...args: string[]): Promise<{ ticket: string; id: string }> {
  const ticket = await lease('grant', 'members', ...args);
  assert.match(ticket, TICKET);
  return { ticket, id: ticket.slice(0, 8) };
}

/** The three lines of a client. */
function describeRequest(ticket: string, key: string, nonce: string): string {
  const { id, token } = parseCredentials(ticket);
  const proof = buildProof(deriveSecret(token), { name: 'members', key: parsePublicKey(key), nonce });
  return `members\n${key}\n${formatThirdLine({ id, nonce, proof })}\n`;
}

async function register(ticket: string, key: string): Promise<string> {
  const [code = ''] = (await send(gateway.address, [describeRequest(ticket, key, 'AAAAAAAA')])).split('\n');
  return code;
}

async function grantBound(...args: string[]): Promise<{ ticket: string; id: string; key: string }> {
  const granted = await grant(...args);
  const key = makeKey();
  assert.equal(await register(granted.ticket, key), 'OK');
  return { ...granted, key };
}

const addressesOf = async (key: string) => (await gateway.findPeer(key, 'members'))?.allowedIps;
const FIRST = ['10.66.0.2/32', 'fd66::2/128'];

/** Everything that a command may change. */
async function snapshot(): Promise<string> {
  const rows = await attempt(gateway.namespace, 'sqlite3', ['-batch', '-readonly', leases, 'SELECT * FROM leases']);
  const peers = (await gateway.peers('members')).map(({ key, allowedIps }) => `${key} ${allowedIps}`);
  return [rows.stdout, ...peers.sort()].join('\n');
}

async function refuses(args: readonly string[], status: number, reason: RegExp): Promise<void> {
  const before = await snapshot();
  const { exitCode, stdout, stderr } = await look(gateway, ['lease', ...args]);
  assert.deepEqual([exitCode, stdout], [status, ''], stderr);
  assert.match(stderr, reason);
  assert.equal(stderr.split('\n').length, 1, stderr);
  assert.equal(await snapshot(), before);
}

describe('a granted lease', () => {
  test('waits for a key, and its ticket is printed alone', async () => {
    const { id } = await grant('--email', 'ada@example.org', '--note', 'für Köln', '--days', '30');
    const { leases: listed, time } = await leaseJson('list');
    const [{ created, expires, ...row }] = listed;
    assert.equal(expires - created, 30 * DAY);
    assert.ok(time - created < 30);
    assert.deepEqual(row, {
      ...{ id, domain: 'members', state: 'unbound', email: 'ada@example.org', note: 'für Köln', order: null },
      ...{ ended: null, key: null, address4: null, address6: null, bound: null, used_keys: [], reminded: [] },
    });
    assert.match(
      await lease('list'),
      new RegExp(`^ID +DOMAIN .*\n${id}  members  unbound  20\\d\\d-.* +ada@example.org, für Köln$`),
    );
  });

  test('is a document of the fixed shape for a program', async () => {
    const document = await leaseJson('grant', 'members', '--until', '2099-12-31');
    const { id, token, ticket, ...rest } = document;
    assert.deepEqual(Object.keys(document), ['id', 'token', 'ticket', 'domain', 'expires']);
    assert.match(ticket, TICKET);
    assert.equal(ticket, `${id}-${token}`);
    assert.deepEqual(rest, { domain: 'members', expires: Date.UTC(2099, 11, 31, 23, 59, 59) / 1000 });
    assert.equal((await leaseJson('grant', 'members')).expires, null);
  });

  test('ends with the day in the time zone of the operator', async () => {
    const zone = ['TZ=Europe/Berlin', 'wgkex', 'lease', 'grant', 'members', '--until', '2099-07-01', '--json'];
    const { stdout } = await attempt(gateway.namespace, 'env', zone);
    assert.equal(JSON.parse(stdout).expires, Date.UTC(2099, 6, 1, 21, 59, 59) / 1000);
  });

  test('has no ticket and no secret anywhere but in the export', async () => {
    const { ticket, id } = await grantBound();
    const secret = deriveSecret(parseCredentials(ticket).token);
    for (const args of [
      ['list'],
      ['list', '--json'],
      ['show', id],
      ['show', id, '--json'],
      ['revoke', id, '--dry-run'],
    ]) {
      const { stdout, stderr } = await look(gateway, ['lease', ...args]);
      for (const secrets of [secret, ticket.slice(9)]) assert.ok(!`${stdout}${stderr}`.includes(secrets), `${args}`);
    }
    assert.ok((await lease('export')).includes(secret));
  });

  for (const umask of ['0077', '0000'])
    test(`is in a file for root alone if the umask is ${umask}, in a directory that all may enter`, async () => {
      await rm(state, { recursive: true });
      const { stdout } = await attempt(gateway.namespace, 'sh', ['-c', `umask ${umask}; wgkex lease grant members`]);
      assert.match(stdout, TICKET);
      assert.equal((await stat(leases)).mode & 0o777, 0o600);
      assert.equal((await stat(state)).mode & 0o777, 0o755);
    });

  for (const [name, args, reason] of [
    ['for an unknown domain', ['nowhere'], /^wgkex: domain "nowhere" is not in .*; try wgkex --help$/],
    ['for a domain of the mesh', ['ffww01'], /^wgkex: domain "ffww01" in .* has no pool, and so no leases; try/],
    ['with two addresses', ['members', '--email', 'a@b,c@d'], /^wgkex: Cannot use "a@b,c@d" as an email address: /],
    [
      'with a note of two lines',
      ['members', '--note', 'a\nb'],
      /^wgkex: Cannot use "a\\nb" as a note: it has a control/,
    ],
    ['with a long order', ['members', '--order', 'x'.repeat(201)], / as an order: it has 201 characters, expected at /],
    ['with no days', ['members', '--days', '0'], /^wgkex: Cannot use "0" as a number of days: expected 1 to 3650; try/],
    ['with a day that is over', ['members', '--until', '2020-01-01'], / as an end date: that day is over; try/],
    ['with a day that does not exist', ['members', '--until', '2099-02-29'], / as a date: there is no such day; try/],
  ] as const)
    test(`is refused ${name}, status 2`, () => refuses(['grant', ...args], 2, reason));

  test('needs sqlite3, and the reason names its package', async () => {
    const hide =
      'mount --bind /usr/bin /mnt && mount -t tmpfs tmpfs /usr/bin && /mnt/ln -s /mnt/* /usr/bin/ && rm /usr/bin/sqlite3';
    const { exitCode, stdout, stderr } = await attempt(gateway.namespace, 'sh', [
      ...['-c', `${hide} && exec "$@"`, 'sh', 'wgkex', 'lease', 'grant', 'members'],
    ]);
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.equal(stderr, `wgkex: Cannot write ${leases}: sqlite3 is missing; apt-get install sqlite3`);
  });

  test('is only foreseen by a dry run', async () => {
    const before = await snapshot();
    assert.equal(
      await lease('grant', 'members', '--until', '2099-12-31', '--dry-run'),
      'members: would grant a lease that ends 2099-12-31 23:59:59\nNothing was changed.',
    );
    const nothing = { id: null, token: null, ticket: null, domain: 'members', expires: null };
    assert.deepEqual(await leaseJson('grant', 'members', '--order', '1', '--dry-run'), nothing);
    assert.equal(await snapshot(), before);
  });
});

describe('the same order again', () => {
  const order = ['members', '--order', 'shop 4711', '--days', '365'];

  test('gets another token while its lease waits for a key, and the old one is void', async () => {
    const first = await leaseJson('grant', ...order);
    const foreseen = await leaseJson('grant', ...order, '--dry-run');
    assert.deepEqual(foreseen, { ...first, token: null, ticket: null });
    const second = await leaseJson('grant', ...order);
    assert.deepEqual([second.id, second.expires], [first.id, first.expires]);
    assert.notEqual(second.token, first.token);
    assert.equal(await register(first.ticket, makeKey()), 'ERR: INVALID_TOKEN');
    assert.equal(await register(second.ticket, makeKey()), 'OK');
  });

  test('gets no token once its lease is bound, status 0', async () => {
    const first = await leaseJson('grant', ...order);
    assert.equal(await register(first.ticket, makeKey()), 'OK');
    const before = await snapshot();
    assert.deepEqual(await leaseJson('grant', ...order), { ...first, token: null, ticket: null });
    const { exitCode, stdout, stderr } = await look(gateway, ['lease', 'grant', ...order]);
    const said = `wgkex: members: lease ${first.id} is bound already, and keeps its token`;
    assert.deepEqual([exitCode, stdout, stderr], [0, '', said]);
    assert.equal(await snapshot(), before);
  });

  test('at the same time is one lease, with one ticket that counts', async () => {
    const documents = await Promise.all([1, 2, 3].map(() => leaseJson('grant', ...order)));
    assert.equal(new Set(documents.map(({ id }) => id)).size, 1);
    const codes: string[] = [];
    for (const { ticket } of documents) codes.push(await register(ticket, makeKey()));
    assert.deepEqual(codes.sort(), ['ERR: INVALID_TOKEN', 'ERR: INVALID_TOKEN', 'OK']);
  });

  test('is refused if its lease has ended', async () => {
    const { id } = await leaseJson('grant', ...order);
    await lease('revoke', id);
    const remedy = new RegExp(`^wgkex: Cannot grant order shop 4711: its lease ${id} has ended; .* extend ${id}$`);
    await refuses(['grant', ...order], 1, remedy);
  });
});

describe('an ID', () => {
  test('of no lease is an error with one line, status 1', async () => {
    for (const action of [['show'], ['extend', '--days', '1'], ['release'], ['rotate'], ['revoke']])
      await refuses([...action, 'aaaaaaaa'], 1, /^wgkex: Cannot find lease aaaaaaaa: it is not in \/var\/lib\/.*db$/);
  });

  test('that is a whole ticket is a usage error that does not show it', async () => {
    const { ticket } = await grant();
    await refuses(
      ['revoke', ticket],
      2,
      /^wgkex: expected the ID of a lease: 8 letters and digits, without the token; try/,
    );
  });
});

describe('a bound lease', () => {
  test('has its peer, whose configuration the gateway proves, and is shown with its handshake', async () => {
    const { ticket, id } = await grant('--email', 'ada@example.org');
    const pair = makeKeyPair('a member');
    const key = parsePublicKey(pair.publicKey);
    const reply = await send(gateway.address, [describeRequest(ticket, key, 'BBBBBBBB')]);
    const [code, line = '', proof] = reply.split('\n');
    assert.equal(code, 'OK');
    assert.equal(
      proof,
      buildReplyProof(deriveSecret(parseCredentials(ticket).token), { key, nonce: 'BBBBBBBB', line }),
    );
    assert.deepEqual(await addressesOf(key), FIRST);
    assert.match(await lease('show', id), /\n {2}peer +no handshake yet$/);
    const heard = await connect(gateway, pair, { domain: 'members' });
    const { peer, ...shown } = await leaseJson('show', id);
    assert.equal(peer.handshake, heard);
    assert.equal(peer.endpoint, gateway.segment.ipv4('0.2'));
    assert.deepEqual([shown.key, shown.state, shown.address4], [key, 'bound', '10.66.0.2']);
    const lines = await lease('show', id);
    assert.ok(lines.startsWith(`${id}  bound\n`) && lines.includes(key), lines);
  });

  test('that is released loses its peer at once, and never binds the same key again', async () => {
    const { ticket, id, key } = await grantBound();
    const recorded = describeRequest(ticket, key, 'AAAAAAAA');
    assert.equal(
      await lease('release', id),
      `members: released ${id}; ${key} cannot bind it again\nmembers: removed peer ${key}`,
    );
    assert.equal(await addressesOf(key), undefined);
    assert.equal(await send(gateway.address, [recorded]), 'ERR: PROHIBITED_WGKEY\n');
    assert.deepEqual((await leaseJson('show', id)).used_keys, [key]);
    const other = makeKey();
    assert.equal(await register(ticket, other), 'OK');
    assert.deepEqual(await addressesOf(other), FIRST);
  });

  test('that was lost has another token, which comes last', async () => {
    const { ticket, id } = await grantBound();
    const next = (await lease('release', id, '--lost')).split('\n').at(-1) ?? '';
    assert.match(next, TICKET);
    assert.equal(next.slice(0, 8), id);
    assert.equal(await register(ticket, makeKey()), 'ERR: INVALID_TOKEN');
    assert.equal(await register(next, makeKey()), 'OK');
  });

  test('keeps its peer when its token is replaced', async () => {
    const { ticket, id, key } = await grantBound();
    const { token, ticket: next, outcome, peer } = await leaseJson('rotate', id);
    assert.deepEqual([next, outcome, peer], [`${id}-${token}`, 'rotated', null]);
    assert.deepEqual(await addressesOf(key), FIRST);
    assert.equal(await register(ticket, key), 'ERR: INVALID_TOKEN');
    assert.equal(await register(next, key), 'OK');
    assert.match(await lease('rotate', id), TICKET);
  });

  test('that is revoked loses its peer at once, and gets it back with the same address when it is extended', async () => {
    const { ticket, id, key } = await grantBound('--days', '10');
    const { expires } = await leaseJson('show', id);
    const revoked = await leaseJson('revoke', id);
    assert.deepEqual(revoked, {
      ...{
        id,
        domain: 'members',
        dry_run: false,
        success: true,
        outcome: 'revoked',
        token: null,
        ticket: null,
        expires,
      },
      ...{ address4: '10.66.0.2', address6: 'fd66::2', addresses: null, peer: 'removed', reason: null },
    });
    assert.equal(await addressesOf(key), undefined);
    assert.equal(await register(ticket, key), 'ERR: EXPIRED');
    await refuses(['revoke', id], 1, new RegExp(`^wgkex: Cannot revoke ${id}: it has ended already$`));
    await refuses(['release', id], 1, /: it has ended$/);
    const extended = await leaseJson('extend', id, '--days', '5');
    assert.deepEqual(
      [extended.expires, extended.addresses, extended.peer, extended.address4],
      [expires + 5 * DAY, 'same', 'restored', '10.66.0.2'],
    );
    assert.deepEqual(await addressesOf(key), FIRST);
    assert.equal(await register(ticket, key), 'OK');
  });

  test('is changed by no dry run', async () => {
    const { id, key } = await grantBound('--days', '10');
    const before = await snapshot();
    for (const [args, effect] of [
      [['extend', '--until', '2099-12-31'], `would extend ${id} until 2099-12-31 23:59:59`],
      [['release', '--lost'], `would release ${id}; ${key} cannot bind it again\nmembers: would remove peer ${key}`],
      [['rotate'], `would replace the token of ${id}`],
      [['revoke'], `would revoke ${id}\nmembers: would remove peer ${key}`],
    ] as const)
      assert.equal(await lease(...args, id, '--dry-run'), `members: ${effect}\nNothing was changed.`);
    assert.equal(await snapshot(), before);
    await lease('revoke', id);
    const ended = await snapshot();
    assert.match(
      await lease('extend', id, '--days', '3', '--dry-run'),
      /with the same address.*\nmembers: would restore peer/,
    );
    assert.equal(await snapshot(), ended);
  });

  test('of which the peer is the operator’s by now leaves it, with the command that removes it', async () => {
    const { id, key } = await grantBound();
    const list = `/etc/netns/${gateway.namespace}/wgkex/static_keys`;
    await writeFile(list, key);
    const { exitCode, stderr } = await look(gateway, ['lease', 'revoke', id]);
    await rm(list);
    assert.equal(exitCode, 1);
    const remedy = `remove it with: wg set ${gateway.wireguard('members')} peer ${key} remove`;
    assert.equal(stderr, `wgkex: members: peer ${key} is one of the operator's; ${remedy}`);
    assert.deepEqual(await addressesOf(key), FIRST);
  });
});

describe('extending', () => {
  test('counts from the end date, and from now if that has passed', async () => {
    const { id } = await grant('--days', '10');
    const { expires } = await leaseJson('show', id);
    assert.equal((await leaseJson('extend', id, '--days', '5')).expires, expires + 5 * DAY);
    await sql(`UPDATE leases SET expires = 1000 WHERE id = '${id}'`);
    const [overdue] = (await leaseJson('list', 'members', '--expired')).leases;
    assert.equal(overdue.state, 'overdue');
    const { expires: next } = await leaseJson('extend', id, '--days', '5');
    assert.ok(Math.abs(next - Date.now() / 1000 - 5 * DAY) < 60);
    assert.deepEqual((await leaseJson('list', '--expired')).leases, []);
    assert.equal((await leaseJson('list', '--unbound')).leases.length, 1);
  });

  test('of a lease without an end date takes a date, and no days', async () => {
    const { id } = await grant();
    await refuses(
      ['extend', id, '--days', '5'],
      2,
      /^wgkex: lease \S+ has no end date that --days could count from; use/,
    );
    await refuses(['extend', id], 2, /^wgkex: expected --days or --until; try/);
    assert.equal(
      await lease('extend', id, '--until', '2099-12-31'),
      `members: extended ${id} until 2099-12-31 23:59:59`,
    );
  });

  test('gives another address if the pool no longer has the old one', async () => {
    const { ticket, id, key } = await grantBound('--days', '10');
    await lease('revoke', id);
    await reconfigure(['10.66.0.128/25', 'fd66::/112']);
    assert.equal(
      (await lease('extend', id, '--days', '1')).replace(/until [^;]+/, 'until then'),
      `members: extended ${id} until then; it gets a new address at its next registration: 10.66.0.2 is outside the pool`,
    );
    await gateway.reload({ limits });
    assert.equal(await register(ticket, key), 'OK', 'its key was not released from it');
  });

  test('takes no address from a peer of the operator’s', async () => {
    const { id, key } = await grantBound('--days', '10');
    await lease('revoke', id);
    const operators = makeKey();
    const allowed = ['allowed-ips', '10.66.0.0/30', 'persistent-keepalive', '25'];
    await gateway.run('wg', 'set', gateway.wireguard('members'), 'peer', operators, ...allowed);
    const { addresses, reason, peer } = await leaseJson('extend', id, '--days', '1');
    assert.deepEqual([addresses, peer], ['new', null]);
    assert.equal(reason, `10.66.0.2 is in the allowed IPs of ${operators}, which is the operator's`);
    assert.equal(await addressesOf(key), undefined);
  });
});

/** Writes another pool into the configuration; the handler keeps the old one. */
async function reconfigure(pool: readonly string[]): Promise<void> {
  const text = await readFile(gateway.configFile, 'utf8');
  const changed = text.replace(/^pool = .*$/m, `pool = ${JSON.stringify(pool)}`);
  assert.notEqual(changed, text);
  await writeFile(gateway.configFile, changed);
}

const sql = (statement: string) => gateway.run('sqlite3', '-batch', leases, statement);

describe('a backup', () => {
  const file = '/root/leases.backup';

  test('brings leases and peers back, and leaves the former table aside', async () => {
    const { id, key } = await grantBound();
    assert.equal(await lease('backup', file), `${file}: has 1 leases`);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await rm(leases);
    await removePeer(key);
    assert.deepEqual(await leaseJson('restore', file, '--dry-run'), {
      ...{ file, dry_run: true, success: true, leases: null, aside: null, dropped: [], fault: null, domains: [] },
    });
    assert.equal(await addressesOf(key), undefined);
    assert.deepEqual(await leaseJson('restore', file), {
      ...{ file, dry_run: false, success: true, leases: 1, aside: null, dropped: [], fault: null },
      domains: [{ domain: 'members', strangers: 0, reason: null }],
    });
    assert.deepEqual(await addressesOf(key), FIRST);
    assert.equal((await leaseJson('show', id)).key, key);
    assert.equal(await lease('restore', file), `${file}: restored 1 leases; the former table is ${leases}.before`);
  });

  test('that lacks a bound lease is restored only with --yes', async () => {
    await grant();
    await lease('backup', file);
    const { id, key } = await grantBound('--note', 'granted since');
    const before = await snapshot();
    const { exitCode, stdout, stderr } = await look(gateway, ['lease', 'restore', file], { columns: 200 });
    assert.equal(exitCode, 1);
    assert.equal(
      stderr,
      `wgkex: Cannot restore ${file}: 1 bound leases would lose their key or address; to restore it nevertheless, add --yes`,
    );
    assert.match(stdout, new RegExp(`\n${id}  members  bound .*granted since\nNothing was changed.$`));
    assert.equal((await lookUp(gateway, ['lease', 'restore', file, '--dry-run'])).exitCode, 1);
    assert.equal(await snapshot(), before);
    const { dropped, domains } = await leaseJson('restore', file, '--yes');
    assert.deepEqual([dropped[0].id, domains[0].strangers], [id, 1]);
    assert.deepEqual(await addressesOf(key), FIRST, 'two looks of the cleanup remove it');
    assert.equal((await leaseJson('list')).leases.length, 1);
  });

  test('is not made where there is no lease, and restored from nothing else', async () => {
    await refuses(['backup', file], 1, /: there is no lease yet$/);
    await writeFile(file, 'not a database');
    await refuses(['restore', file], 1, /^wgkex: Cannot read \/root\/leases\.backup: it is damaged$/);
  });
});

describe('an export', () => {
  const file = '/root/leases.json';

  test('makes the same tickets work on another gateway, where they bind again', async () => {
    const { ticket, id, key } = await grantBound('--note', 'for both');
    const waiting = await grant();
    await writeFile(file, await lease('export', 'members'));
    await rm(leases);
    await removePeer(key);
    const { imported, ...foreseen } = await leaseJson('import', file, '--dry-run');
    assert.deepEqual(foreseen, { dry_run: true, known: 0 });
    assert.deepEqual(imported.sort(), [id, waiting.id].sort());
    assert.deepEqual((await leaseJson('list')).leases, []);
    assert.match(
      await lease('import', file),
      /^Imported 2 leases; 0 were here already.*\nEach gateway binds a lease by itself/,
    );
    assert.equal((await leaseJson('show', id)).state, 'unbound');
    const other = makeKey();
    assert.equal(await register(ticket, other), 'OK');
    const again = await attempt(
      gateway.namespace,
      'wgkex',
      ['lease', 'import', '-', '--json'],
      await readFile(file, 'utf8'),
    );
    assert.deepEqual(JSON.parse(again.stdout), { dry_run: false, imported: [], known: 2 });
    assert.deepEqual(await addressesOf(other), FIRST);
  });

  test('of a domain that has no pool here adds nothing', async () => {
    const { id } = await grant();
    await writeFile(file, (await lease('export')).replace('"members"', '"elsewhere"'));
    await refuses(
      ['import', file],
      1,
      new RegExp(`^wgkex: Cannot import lease ${id}: .* has no domain elsewhere with a pool$`),
    );
    await writeFile(file, '{}');
    await refuses(['import', file], 1, /^wgkex: Cannot read \/root\/leases\.json: unexpected shape$/);
  });
});

const needsRoot = IS_IN_USER_NAMESPACE
  ? 'SKIPPED: journald needs a cgroup file system, which a user namespace lacks'
  : false;
test('every change has its line in the journal, which shows no token', { skip: needsRoot }, async (t) => {
  t.after(await startJournal());
  const { id, key, ticket } = await grantBound('--days', '10');
  await lease('revoke', id, '--dry-run');
  const tickets = [ticket, (await lease('release', id, '--lost')).split('\n').at(-1) ?? '', await lease('rotate', id)];
  await lease('extend', id, '--days', '1');
  await lease('revoke', id);
  await lease('backup', '/root/leases.backup');
  await lease('restore', '/root/leases.backup');
  const last = `leases replaced keys=1 aside=${leases}.before by=operator`;
  let [text, lines]: [string, string[]] = ['', []];
  await eventually('the journal has the last line', async () => {
    ({ stdout: text } = await attempt(gateway.namespace, 'journalctl', [
      '--output=cat',
      '--identifier=wgkex',
      '--quiet',
    ]));
    // Other test files write to it, too.
    lines = text.split('\n').filter((line) => line.includes(`lease=${id}`) || line === last);
    return lines.includes(last);
  });
  const of = (what: string) => `lease changed members lease=${id} what=${what} by=operator`;
  assert.deepEqual(lines, [
    `lease granted members lease=${id} by=operator`,
    of('released'),
    `removed members 10.66.0.2 key=${key.slice(0, 12)}… lease=${id}`,
    ...['rotated', 'extended', 'revoked'].map(of),
    last,
  ]);
  for (const each of tickets) assert.ok(TICKET.test(each) && !text.includes(each.slice(9)));
});

test('every command for leases is for root alone', async () => {
  for (const args of [['list'], ['export'], ['grant', 'members'], ['show', 'aaaaaaaa'], ['backup', '/tmp/x']]) {
    const words = ['--reuid=wgkex', '--regid=wgkex', '--clear-groups', 'wgkex', 'lease', ...args];
    const { exitCode, stderr } = await attempt(gateway.namespace, 'setpriv', words);
    assert.deepEqual([exitCode, stderr], [2, 'wgkex: it must be run as root; try wgkex --help']);
  }
});

/** Last in this file: the handler looks at new interfaces within 5 s, and may remove a peer before a command does. */
describe('a lease of a domain without its interface', () => {
  test('is shown nevertheless, status 1', async () => {
    const { id, key } = await grantBound();
    await gateway.removeInterfaces('members');
    const { exitCode, stdout, stderr } = await look(gateway, ['lease', 'show', id]);
    await gateway.addInterfaces('members');
    assert.equal(exitCode, 1);
    assert.match(stderr, /^wgkex: members: Cannot run wg show /);
    assert.ok(stdout.includes(key) && /\n {2}peer +not known$/.test(stdout), stdout);
  });

  test('is revoked nevertheless, and a line says what does the rest', async () => {
    const { id } = await grantBound();
    await gateway.removeInterfaces('members');
    const { exitCode, stderr, document } = await lookUp(gateway, ['lease', 'revoke', id]);
    await gateway.addInterfaces('members');
    assert.deepEqual([exitCode, document.success, document.outcome], [1, false, 'revoked']);
    assert.match(stderr, /^wgkex: members: .* does not exist; the next pass of the cleanup changes its peer$/);
    assert.equal((await leaseJson('show', id)).state, 'ended');
  });
});
