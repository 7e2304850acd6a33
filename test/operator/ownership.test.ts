import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { attempt } from '../../lab/commands.ts';
import { liftCurses } from '../../lab/fakes.ts';
import { Gateway } from '../../lab/gateway.ts';
import { giveOperators, giveUnrecorded, listHoldings, readHoldings } from '../../lab/holdings.ts';
import { findProgramMoments } from '../../lab/kills.ts';
import { connect, look, lookUp, makeKeyPair } from '../../lab/operator.ts';
import { forgetAll, readRegistrations } from '../../lab/record.ts';

const ROUTER = makeKeyPair('a router that was let in before');

let gateway: Gateway;
let directory: string;
let list: string;

before(async () => {
  gateway = await Gateway.create(86, [{ name: 'ffww01', settings: { route: true } }]);
  directory = `/etc/netns/${gateway.namespace}/wgkex`;
  list = `${directory}/static_keys`;
  await gateway.configure({ limits: { exempt: [`${gateway.segment.ipv4('0.2')}/32`] } });
  await gateway.start();
});
after(() => gateway.close());
beforeEach(async () => {
  await gateway.configure();
  for (const file of [list, `${directory}/disallowed_keys`]) await rm(file, { force: true });
  await forgetAll(gateway, 'ffww01');
  for (const { key } of await gateway.peers())
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'remove');
  await gateway.unlocked();
  assert.equal((await gateway.cleanUp()).exitCode, 0);
});
afterEach(() => liftCurses(gateway));

describe('wgkex static add', () => {
  test('makes a peer the operator’s at once: it stays as it is, and its key cannot be registered', async () => {
    const key = await register();
    const holdings = await readHoldings(gateway);
    const { exitCode, stderr, document } = await lookUp(gateway, ['static', 'add', key, '--note', 'map\nserver']);
    assert.deepEqual([exitCode, stderr], [0, '']);
    const [{ outcome, effects }] = document.domains;
    assert.deepEqual([outcome, effects.map(describeEffect)], ['released', ['release peer']]);
    assert.match(document.list.line, / # map server, \d{4}-\d\d-\d\d$/);
    assert.equal(await readFile(list, 'utf8'), `${document.list.line}\n`);
    assert.equal((await readRegistrations(gateway)).has(key), false);
    assert.deepEqual(await readHoldings(gateway), holdings);
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'ERR: PROHIBITED_WGKEY\n');
    assert.deepEqual(await countStates(), { alive: 0, idle: 0, stale: 0, pending: 0, static: 1 });
    const again = await look(gateway, ['static', 'add', key], { columns: 160 });
    assert.equal(again.exitCode, 0);
    assert.equal(
      again.stdout,
      `/etc/wgkex/static_keys: ${key} is already there\nffww01: peer ${key} is already the operator's`,
    );
  });

  test('also removes the claim and the remembered state of the key', async () => {
    await letIn();
    await gateway.cleanUp();
    assert.deepEqual(Object.keys(await readClaims()), [ROUTER.publicKey]);
    const { document } = await lookUp(gateway, ['static', 'add', ROUTER.publicKey]);
    assert.deepEqual(document.domains[0].effects.map(describeEffect), ['remove claim', 'release peer']);
    assert.deepEqual(await readMemory(), { alive: {}, claims: {} });
  });

  test('as a dry run changes nothing', async () => {
    const key = await register();
    const unchanged = [await readHoldings(gateway), (await readRegistrations(gateway)).has(key)];
    const { exitCode, stdout } = await look(gateway, ['static', 'add', key, '--dry-run'], { columns: 160 });
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /^\/etc\/wgkex\/static_keys: would add .*\nffww01: would release peer .*\nNothing was changed\.$/,
    );
    assert.deepEqual([await readHoldings(gateway), (await readRegistrations(gateway)).has(key)], unchanged);
    await assert.rejects(stat(list));
  });
});

test('wgkex static remove takes the key off the list, and leaves the peer to the operator', async () => {
  const key = await register();
  await look(gateway, ['static', 'add', key]);
  const { exitCode, stdout } = await look(gateway, ['static', 'remove', key], { columns: 160 });
  assert.deepEqual([exitCode, stdout], [0, `/etc/wgkex/static_keys: removed ${key}`]);
  assert.equal(await exchange(gateway.address, 'ffww01', key), 'ERR: PROHIBITED_WGKEY\n');
  assert.equal((await countStates()).static, 1);
  const again = await look(gateway, ['static', 'remove', key]);
  const reason = `wgkex: Cannot remove ${key}: it is not in /etc/wgkex/static_keys`;
  assert.deepEqual([again.exitCode, again.stderr], [1, reason]);
  const noted = await look(gateway, ['static', 'remove', key, '--note', 'x']);
  assert.deepEqual([noted.exitCode, noted.stderr], [2, 'wgkex: --note is for static add; try wgkex --help']);
});

describe('wgkex release', () => {
  test('takes a key out of the record, memory and claims, and leaves the peer with its entries', async () => {
    await letIn();
    await gateway.cleanUp();
    const key = ROUTER.publicKey;
    const [holdings, session] = [await readHoldings(gateway), await gateway.findSession(key)];
    const dry = await lookUp(gateway, ['release', 'ffww01', key, '--dry-run']);
    assert.equal((await readRegistrations(gateway)).has(key), true);
    const { exitCode, document } = await lookUp(gateway, ['release', 'ffww01', key]);
    assert.deepEqual([exitCode, document.domains[0].outcome], [0, 'released']);
    assert.deepEqual(dry.document.domains, document.domains);
    assert.deepEqual(
      [(await readRegistrations(gateway)).has(key), await readMemory()],
      [false, { alive: {}, claims: {} }],
    );
    await gateway.cleanUp();
    assert.deepEqual([await readHoldings(gateway), await gateway.findSession(key)], [holdings, session]);
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'ERR: PROHIBITED_WGKEY\n');
    const again = await look(gateway, ['release', 'ffww01', key]);
    const reason = `wgkex: ffww01: Cannot release ${key}: it is already one of the operator's peers`;
    assert.deepEqual([again.exitCode, again.stderr], [1, reason]);
  });

  test('needs a known key', async () => {
    const key = makeKey();
    const { exitCode, stderr } = await look(gateway, ['release', 'ffww01', key]);
    assert.deepEqual([exitCode, stderr], [1, `wgkex: ffww01: Cannot release ${key}: it is not a peer`]);
  });
});

describe('wgkex adopt', () => {
  const [plain, kept, secret, listed, blocked, odd, absent] = Array.from({ length: 7 }, makeKey) as Seven;

  beforeEach(async () => {
    await giveUnrecorded(gateway, [plain, kept, secret, listed, blocked]);
    await giveOperators(gateway, odd);
    const [wireguard, file] = [gateway.wireguard(), `/run/${gateway.namespace}.psk`];
    await writeFile(file, await gateway.run('wg', 'genpsk'), { mode: 0o600 });
    await gateway.run('wg', 'set', wireguard, 'peer', secret, 'preshared-key', file);
    await gateway.run('wg', 'set', wireguard, 'peer', kept, 'persistent-keepalive', '25');
    await writeFile(list, `${listed}\n`);
    await writeFile(`${directory}/disallowed_keys`, `${blocked}\n`);
  });

  test('shows what it would do, and changes nothing', async () => {
    const unchanged = await readHoldings(gateway);
    const { exitCode, stdout } = await look(gateway, ['adopt', 'ffww01'], { columns: 160 });
    assert.equal(exitCode, 0);
    const lines = stdout.split('\n');
    assert.equal(lines.at(-1), 'Nothing was changed. To adopt them, add --yes.');
    for (const line of [
      `ffww01: would adopt ${plain}`,
      `ffww01: would adopt ${kept}, and clear its keepalive`,
      `ffww01: left out ${secret}: it has a preshared key`,
      `ffww01: left out ${listed}: it is in /etc/wgkex/static_keys`,
      `ffww01: left out ${blocked}: it is in /etc/wgkex/disallowed_keys`,
      `ffww01: left out ${odd}: its allowed IPs are not exactly its derived address`,
    ])
      assert.ok(lines.includes(line), `${line}\n${stdout}`);
    assert.equal((await readRegistrations(gateway)).size, 0);
    assert.deepEqual(await readHoldings(gateway), unchanged);
    assert.equal((await gateway.findPeer(kept))?.hasKeepalive, true);
  });

  test('with --yes takes peers over, and they register like any router', async () => {
    const { exitCode, document } = await lookUp(gateway, ['adopt', 'ffww01', '--yes']);
    assert.equal(exitCode, 0);
    const adopted = document.adopted.map(({ key, keepalive }: Record<string, unknown>) => `${key} ${keepalive}`);
    assert.deepEqual(adopted.sort(), [`${plain} false`, `${kept} true`].sort());
    assert.deepEqual([...(await readRegistrations(gateway)).keys()].sort(), [plain, kept].sort());
    assert.equal((await gateway.findPeer(kept))?.hasKeepalive, false);
    assert.equal((await gateway.findPeer(secret))?.hasPresharedKey, true);
    assert.deepEqual(await countStates(), { alive: 0, idle: 0, stale: 0, pending: 2, static: 4 });
    for (const key of [plain, kept]) assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    for (const key of [secret, listed, blocked, odd])
      assert.equal(await exchange(gateway.address, 'ffww01', key), 'ERR: PROHIBITED_WGKEY\n');
  });

  test('takes only the named peers, and says why it leaves one of them out', async () => {
    const { exitCode, document } = await lookUp(gateway, ['adopt', 'ffww01', plain, secret, absent, '--yes']);
    assert.equal(exitCode, 1);
    assert.deepEqual(document.left_out, [
      { key: secret, name: null, kind: 'preshared key' },
      { key: absent, name: null, kind: 'not a peer' },
    ]);
    assert.deepEqual([...(await readRegistrations(gateway)).keys()], [plain]);
    const again = await lookUp(gateway, ['adopt', 'ffww01', plain, '--yes']);
    assert.deepEqual(
      [again.exitCode, again.document.left_out],
      [0, [{ key: plain, name: null, kind: 'already ours' }]],
    );
  });

  test('adopts no peer while a list of keys cannot be read', async () => {
    await writeFile(list, 'rubbish\n');
    const { exitCode, stderr } = await look(gateway, ['adopt', 'ffww01', '--yes']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /Cannot adopt: \/etc\/wgkex\/static_keys: line 1: expected a public key, found "rubbish"/);
    assert.equal((await readRegistrations(gateway)).size, 0);
  });

  test('completes an adoption that was killed at any point', async () => {
    const [wireguard, record] = [gateway.wireguard(), gateway.recordFile()];
    const adopt = () => attempt(gateway.namespace, 'wgkex', ['adopt', 'ffww01', '--yes']);
    const begin = async () => {
      await rm(record, { force: true });
      await rm(gateway.stateFile(), { force: true });
      await gateway.run('wg', 'set', wireguard, 'peer', kept, 'persistent-keepalive', '25');
    };
    await begin();
    const moments = await findProgramMoments(gateway, 'caller', adopt);
    assert.equal(moments.length, 2);
    for (const moment of moments) {
      await begin();
      assert.equal((await moment.strike(adopt)).signal ?? 'SIGKILL', 'SIGKILL');
      assert.ok((await readRegistrations(gateway)).has(kept), `${moment.name}: recorded before it is changed`);
      assert.equal((await adopt()).exitCode, 0);
      assert.deepEqual([...(await readRegistrations(gateway)).keys()].sort(), [plain, kept].sort());
      assert.equal((await gateway.findPeer(kept))?.hasKeepalive, false);
    }
  });
});

describe('wgkex remove', () => {
  test('removes the claim of a key whose peer is gone, and says so', async () => {
    await letIn();
    await gateway.cleanUp();
    const key = ROUTER.publicKey;
    await writeFile(gateway.stateFile(), '{"version":1,"marks":{}}');
    await rm(gateway.recordFile());
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'remove');
    const { exitCode, stdout, stderr } = await look(gateway, ['remove', 'ffww01', key], { columns: 160 });
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, new RegExp(`^ffww01: removed the claim of ${key.replaceAll('+', '\\+')} to fe80::\\S+$`));
    assert.deepEqual(await readClaims(), {});
    assert.equal((await look(gateway, ['remove', 'ffww01', key])).exitCode, 1);
  });

  test('removes nothing if the claims cannot be written', async () => {
    await letIn();
    await gateway.cleanUp();
    const unchanged = await readHoldings(gateway);
    await gateway.run('mkdir', `${gateway.claimsFile()}.new`);
    const { exitCode, stderr } = await look(gateway, ['remove', 'ffww01', ROUTER.publicKey]);
    await gateway.run('rmdir', `${gateway.claimsFile()}.new`);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^wgkex: ffww01: Cannot write \S+\.claims\.json: illegal operation on a directory$/);
    assert.deepEqual(await readHoldings(gateway), unchanged);
    assert.ok((await readRegistrations(gateway)).has(ROUTER.publicKey));
  });
});

describe('wgkex show', () => {
  test('names the claimant of an address and of a MAC address, and how long its claim lasts', async () => {
    await letIn();
    await gateway.cleanUp();
    const [router] = (await lookUp(gateway, ['show', ROUTER.publicKey])).document.routers;
    const { address, mac } = router.derivations[0];
    await look(gateway, ['remove', 'ffww01', makeKey()]);
    const { silent_seconds: _, ...times } = (await readClaims())[ROUTER.publicKey];
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', ROUTER.publicKey, 'remove');
    await rm(gateway.recordFile());
    await writeFile(gateway.stateFile(), '{"version":1,"marks":{}}');
    const claims = { [ROUTER.publicKey]: { ...times, silent_seconds: 86_400 * 9 - 5 } };
    await writeFile(gateway.claimsFile(), JSON.stringify({ version: 1, claims }));
    for (const query of [ROUTER.publicKey, address, mac]) {
      const { exitCode, stdout } = await look(gateway, ['show', query], { columns: 160 });
      assert.equal(exitCode, 1);
      const claim = `it claims ${address} for another 21 d; to end that: wgkex remove ffww01 ${ROUTER.publicKey}`;
      assert.ok(stdout.startsWith(`${ROUTER.publicKey}\n`) && stdout.includes(claim), stdout);
    }
  });

  test('says why a peer is the operator’s', async () => {
    const [unknown, marked] = [makeKey(), await register()];
    await giveUnrecorded(gateway, [unknown]);
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', marked, 'persistent-keepalive', '5');
    for (const [key, mark, sentence] of [
      [unknown, 'not recorded', 'wgkex has no record of it'],
      [marked, 'keepalive', 'it has a keepalive, which wgkex never sets'],
    ] as const) {
      assert.match((await look(gateway, ['show', key])).stdout, new RegExp(`static +the operator's: ${sentence}`));
      assert.equal((await lookUp(gateway, ['show', key])).document.routers[0].domains[0].operators_mark, mark);
    }
  });
});

type Seven = [string, string, string, string, string, string, string];

function describeEffect({ action, what }: { readonly action: string; readonly what: string }): string {
  return `${action} ${what}`;
}

async function readClaims() {
  return JSON.parse(await readFile(gateway.claimsFile(), 'utf8')).claims;
}

async function readMemory() {
  const { alive } = JSON.parse(await readFile(gateway.stateFile(), 'utf8'));
  return { alive, claims: await readClaims() };
}

async function countStates() {
  return (await lookUp(gateway, ['status'])).document.domains[0].peers;
}

async function register() {
  const key = makeKey();
  assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
  await gateway.unlocked();
  assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, key).sort());
  return key;
}

/** Lets a router register and connect. */
async function letIn(): Promise<void> {
  assert.equal(await exchange(gateway.address, 'ffww01', ROUTER.publicKey), 'OK\n');
  await connect(gateway, ROUTER);
}
