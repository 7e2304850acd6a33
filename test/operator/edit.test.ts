import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { attempt, Background, eventually } from '../../lab/commands.ts';
import { curse, liftCurses } from '../../lab/fakes.ts';
import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { giveOperators, listHoldings, readHoldings, strip } from '../../lab/holdings.ts';
import { connect, type KeyPair, look, lookUp, makeKeyPair } from '../../lab/operator.ts';
import { ageRecord, forgetAll, readRegistrations } from '../../lab/record.ts';

/** Two key pairs with the same derived address. */
const [OWNER, NEWCOMER]: [KeyPair, KeyPair] = JSON.parse(
  await readFile(new URL('../../lab/colliding-keys.json', import.meta.url), 'utf8'),
);
const [ROUTER, OTHER] = [makeKeyPair('a router to edit'), makeKeyPair('another one to edit')];

let gateway: Gateway;
let list: string;

before(async () => {
  gateway = await Gateway.create(81, [
    { name: 'ffww01', settings: { route: true } },
    { name: 'ffmuc', settings: { address: 'ffmuc' } },
  ]);
  list = `/etc/netns/${gateway.namespace}/wgkex/disallowed_keys`;
  // The tests send more requests than one source may.
  await gateway.configure({ limits: { exempt: [`${gateway.segment.ipv4('0.2')}/32`] } });
  await gateway.start();
});
after(() => gateway.close());
beforeEach(async () => {
  await gateway.configure();
  await forgetAll(gateway, 'ffww01', 'ffmuc');
  for (const domain of ['ffww01', 'ffmuc'])
    for (const { key } of await gateway.peers(domain))
      await gateway.run('wg', 'set', gateway.wireguard(domain), 'peer', key, 'remove');
  await gateway.unlocked();
  await rm(list, { force: true });
  assert.equal((await gateway.cleanUp('--all')).exitCode, 0);
});
afterEach(() => liftCurses(gateway));

describe('a key that the operator adds', () => {
  test('has everything that a router has, and is pending like any other', async () => {
    const key = makeKey();
    const { exitCode, stderr, document } = await lookUp(gateway, ['add', 'ffww01', key]);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, key).sort());
    const { domains, ...rest } = document;
    assert.deepEqual(rest, { key, name: null, dry_run: false, success: true, list: null, naming: null });
    const [{ effects, ...edit }] = domains;
    assert.deepEqual(edit, { domain: 'ffww01', outcome: 'added', code: null, reason: null });
    assert.deepEqual(
      effects.map(({ action, what }: { action: string; what: string }) => `${action} ${what}`),
      ['add peer', 'set forwarding entry', 'set forwarding entry', 'set route'],
    );
    assert.deepEqual([...(await readRegistrations(gateway)).keys()], [key]);
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n', 'the service runs alongside');
    await gateway.cleanUp();
    assert.deepEqual(Object.keys((await readState()).marks), [key]);
  });

  test('is kept as it is if it is alive, and gets the entries that it lacks', async () => {
    await letIn(ROUTER);
    await strip(gateway, ROUTER.publicKey);
    const session = await gateway.findSession(ROUTER.publicKey);
    const { document } = await lookUp(gateway, ['add', 'ffww01', ROUTER.publicKey]);
    assert.equal(document.domains[0].outcome, 'kept');
    assert.deepEqual(await gateway.findSession(ROUTER.publicKey), session);
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, ROUTER.publicKey).sort());
  });

  test('is reset if it is there without a session, and loses its mark', async () => {
    const key = makeKey();
    await lookUp(gateway, ['add', 'ffww01', key]);
    await gateway.cleanUp();
    assert.deepEqual(Object.keys((await readState()).marks), [key]);
    await ageRecord(gateway, 10);
    const { document } = await lookUp(gateway, ['add', 'ffww01', key]);
    assert.equal(document.domains[0].outcome, 'reset');
    assert.deepEqual((await readState()).marks, {});
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, key).sort());
  });

  test('evicts a key that had its minute to connect, and no other', async () => {
    await gateway.configure({}, { max_pending: 1 });
    const [first, second] = [makeKey(), makeKey()];
    await lookUp(gateway, ['add', 'ffww01', first]);
    await assertRefused(
      second,
      'FULL',
      /: the limit of 1 keys that never connected is reached; only one of them can be evicted/,
    );
    await ageRecord(gateway, 60);
    const { exitCode, stdout } = await look(gateway, ['add', 'ffww01', second]);
    assert.equal(exitCode, 0);
    assert.ok(stdout.startsWith(`ffww01: removed peer ${first}\n`), stdout);
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, second).sort());
  });

  test('is refused if a living key has its address', async () => {
    await letIn(OWNER);
    await assertRefused(NEWCOMER.publicKey, 'ADDRESS_TAKEN', /, which proved it with a handshake/);
  });

  test('is refused if it is on the list of disallowed keys', async () => {
    const key = makeKey();
    await writeFile(list, key);
    await assertRefused(key, 'PROHIBITED_WGKEY', /: the key is in \/etc\/wgkex\/disallowed_keys/);
  });

  test('is refused if it is the key of the gateway', async () => {
    await assertRefused(await gateway.publicKey(), 'PROHIBITED_WGKEY', /: it is the gateway's own key/);
  });

  test('is refused if it was set up by hand', async () => {
    const key = makeKey();
    await giveOperators(gateway, key);
    await assertRefused(key, 'PROHIBITED_WGKEY', /: it is one of the operator's peers/);
  });

  async function assertRefused(key: string, code: string, reason: RegExp): Promise<void> {
    const unchanged = await readHoldings(gateway);
    const { exitCode, stderr, document } = await lookUp(gateway, ['add', 'ffww01', key]);
    assert.deepEqual([exitCode, document.success, document.domains[0].outcome], [1, false, 'refused']);
    assert.deepEqual([document.domains[0].code, document.domains[0].effects], [code, []]);
    assert.equal(stderr, `wgkex: ffww01: ${document.domains[0].reason}`);
    assert.ok(stderr.startsWith(`wgkex: ffww01: Cannot add ${key}: `), stderr);
    assert.match(stderr, reason);
    assert.ok(stderr.endsWith(`: ${code}`));
    assert.deepEqual(await readHoldings(gateway), unchanged);
  }
});

describe('a key that the operator removes', () => {
  test('loses everything that it had, and may register again', async () => {
    const key = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    await gateway.cleanUp();
    const { exitCode, stderr, document } = await lookUp(gateway, ['remove', 'ffww01', key]);
    assert.deepEqual([exitCode, stderr, document.domains[0].outcome], [0, '', 'removed']);
    assert.deepEqual(await readHoldings(gateway), []);
    assert.deepEqual((await readState()).marks, {});
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, key).sort());
  });

  test('is not restored, even if it was the only one alive', async () => {
    await letIn(ROUTER);
    await gateway.cleanUp();
    assert.deepEqual(Object.keys((await readState()).alive), [ROUTER.publicKey]);
    assert.equal((await look(gateway, ['remove', 'ffww01', ROUTER.publicKey])).exitCode, 0);
    const stranger = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', stranger), 'OK\n');
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, stranger).sort());
  });

  test('is not restored with the others that were alive', async () => {
    await letIn(ROUTER);
    await letIn(OTHER);
    await gateway.cleanUp();
    assert.equal((await look(gateway, ['remove', 'ffww01', ROUTER.publicKey])).exitCode, 0);
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', OTHER.publicKey, 'remove');
    await gateway.unlocked();
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    const keys: string[] = (await gateway.peers()).map(({ key }) => key);
    assert.deepEqual(
      [ROUTER, OTHER].map(({ publicKey }) => keys.includes(publicKey)),
      [false, true],
    );
  });

  test('is not restored even if it was alive and is not a peer now', async () => {
    await letIn(ROUTER);
    await letIn(OTHER);
    await gateway.cleanUp();
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', ROUTER.publicKey, 'remove');
    const unchanged = await readState();
    await look(gateway, ['remove', 'ffww01', ROUTER.publicKey, '--dry-run']);
    assert.deepEqual(await readState(), unchanged);
    assert.equal((await look(gateway, ['remove', 'ffww01', ROUTER.publicKey])).exitCode, 0);
    assert.deepEqual(Object.keys((await readState()).alive), [OTHER.publicKey]);
  });

  test('stays as it is if it was set up by hand', async () => {
    const key = makeKey();
    await giveOperators(gateway, key);
    const unchanged = await readHoldings(gateway);
    const { exitCode, stdout, stderr } = await look(gateway, ['remove', 'ffww01', key]);
    const reason = `wgkex: ffww01: Cannot remove ${key}: it is one of the operator's peers`;
    assert.deepEqual([exitCode, stdout, stderr], [1, '', reason]);
    assert.deepEqual(await readHoldings(gateway), unchanged);
  });

  test('must be known', async () => {
    const key = makeKey();
    const { exitCode, stdout, stderr } = await look(gateway, ['remove', 'ffww01', key]);
    assert.deepEqual([exitCode, stdout, stderr], [1, '', `wgkex: ffww01: Cannot remove ${key}: it is not a peer`]);
  });
});

describe('a key that the operator blocks', () => {
  test('is on the list with its reason, is not a peer of any domain, and is refused from then on', async () => {
    const key = makeKey();
    for (const domain of ['ffww01', 'ffmuc']) assert.equal(await exchange(gateway.address, domain, key), 'OK\n');
    const { exitCode, stderr, document } = await lookUp(gateway, ['block', key, '--reason', 'gestohlen\nin Köln']);
    assert.deepEqual([exitCode, stderr], [0, '']);
    for (const domain of ['ffww01', 'ffmuc'])
      assert.equal(await exchange(gateway.address, domain, key), 'ERR: PROHIBITED_WGKEY\n');
    assert.deepEqual(
      document.domains.map(({ outcome }: { outcome: string }) => outcome),
      ['removed', 'removed'],
    );
    assert.match(document.list.line, / # gestohlen in Köln, \d{4}-\d\d-\d\d$/);
    assert.deepEqual(document.list, { file: '/etc/wgkex/disallowed_keys', outcome: 'added', line: document.list.line });
    assert.equal(await readFile(list, 'utf8'), `${document.list.line}\n`);
    assert.equal((await stat(list)).mode & 0o777, 0o644);
    assert.deepEqual([await readHoldings(gateway), await gateway.peers('ffmuc')], [[], []]);
  });

  test('is never admitted again once that is done, however often it asks meanwhile', async () => {
    for (let round = 0; round < 5; round++) {
      const key = makeKey();
      let isDone = false;
      const asking = (async () => {
        while (!isDone) await exchange(gateway.address, 'ffww01', key);
      })();
      await eventually('it is there', async () => (await gateway.findPeer(key)) !== undefined);
      assert.equal((await look(gateway, ['block', key])).exitCode, 0);
      assert.equal(await gateway.findPeer(key), undefined);
      const replies = await Promise.all([1, 2, 3].map(() => exchange(gateway.address, 'ffww01', key)));
      assert.deepEqual(new Set(replies), new Set(['ERR: PROHIBITED_WGKEY\n']));
      isDone = true;
      await asking;
      assert.equal(await gateway.findPeer(key), undefined);
    }
  });

  test('is still removed if it is already on the list', async () => {
    const key = makeKey();
    assert.equal(await exchange(gateway.address, 'ffmuc', key), 'OK\n');
    await writeFile(list, `# mine\r\n${key}`);
    const { exitCode, stdout } = await look(gateway, ['block', key], { columns: 160 });
    assert.equal(exitCode, 0);
    assert.ok(stdout.startsWith(`/etc/wgkex/disallowed_keys: ${key} is already there\nffmuc: removed peer ${key}\n`));
    assert.equal(await readFile(list, 'utf8'), `# mine\r\n${key}`);
    assert.equal(await gateway.findPeer(key, 'ffmuc'), undefined);
    assert.match((await look(gateway, ['block', key])).stdout, /It is not a peer of any domain\.$/);
  });

  test('stays only where it was set up by hand', async () => {
    const key = makeKey();
    assert.equal(await exchange(gateway.address, 'ffmuc', key), 'OK\n');
    await giveOperators(gateway, key);
    const unchanged = await readHoldings(gateway);
    const { exitCode, stderr, document } = await lookUp(gateway, ['block', key]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^wgkex: ffww01: Cannot remove \S+: it is one of the operator's peers$/);
    assert.equal(document.list.outcome, 'added');
    assert.deepEqual(await readHoldings(gateway), unchanged);
    assert.deepEqual(await gateway.peers('ffmuc'), []);
  });

  test('cannot be the key of the gateway', async () => {
    const key = await gateway.publicKey('ffmuc');
    const { exitCode, stdout, stderr } = await look(gateway, ['block', key]);
    assert.deepEqual([exitCode, stdout, stderr], [1, '', `wgkex: Cannot block ${key}: it is the gateway's own key`]);
    await assert.rejects(stat(list), { code: 'ENOENT' });
  });

  test('is removed from all domains except those that fail', async () => {
    const key = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    await gateway.removeInterfaces('ffmuc');
    const { exitCode, stderr, document } = await lookUp(gateway, ['block', key]);
    await gateway.addInterfaces('ffmuc');
    const reason = `Cannot serve domain ffmuc: WireGuard interface ${gateway.wireguard('ffmuc')} does not exist`;
    assert.deepEqual([exitCode, stderr], [1, `wgkex: ffmuc: ${reason}`]);
    assert.deepEqual(
      document.domains.map(({ outcome }: { outcome: string }) => outcome),
      ['removed', 'failed'],
    );
    assert.deepEqual(await readHoldings(gateway), []);
  });

  test('stays on the list when others are blocked at the same time', async () => {
    const keys = Array.from({ length: 6 }, makeKey);
    const statuses = await Promise.all(keys.map(async (key) => (await look(gateway, ['block', key])).exitCode));
    assert.deepEqual(new Set(statuses), new Set([0]));
    const lines = (await readFile(list, 'utf8')).trimEnd().split('\n');
    assert.deepEqual(lines.map((line) => line.slice(0, 44)).sort(), keys.sort());
  });

  test('can register again once it is unblocked, and cannot be unblocked twice', async () => {
    const [key, other] = [makeKey(), makeKey()];
    await writeFile(list, `${other} # stays\n${key} # stolen\n`);
    const { exitCode, stdout } = await look(gateway, ['unblock', key]);
    assert.deepEqual([exitCode, stdout], [0, `/etc/wgkex/disallowed_keys: removed ${key}`]);
    assert.equal(await readFile(list, 'utf8'), `${other} # stays\n`);
    await gateway.unlocked();
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    const again = await look(gateway, ['unblock', key]);
    const reason = `wgkex: Cannot unblock ${key}: it is not in /etc/wgkex/disallowed_keys`;
    assert.deepEqual([again.exitCode, again.stderr], [1, reason]);
  });
});

describe('a dry run', () => {
  const KEY = makeKey();
  const CASES = [
    [
      'add',
      ['add', 'ffww01', makeKey()],
      /^ffww01: would add peer .*\n(ffww01: would set .*\n){3}Nothing was changed\.$/,
    ],
    ['reset', ['add', 'ffww01', KEY], /^ffww01: would reset peer /],
    ['keep', ['add', 'ffww01', ROUTER.publicKey], /^ffww01: would keep peer .*, which is alive\n/],
    ['refuse', ['add', 'ffww01', OWNER.publicKey], /^Nothing was changed\.$/],
    ['remove', ['remove', 'ffww01', KEY], /^ffww01: would remove peer (.*\n.*)*would remove route to .*\nNothing was/],
    ['block', ['block', KEY], /^\/etc\/wgkex\/disallowed_keys: would add .*\nffww01: would remove peer/],
    ['unblock', ['unblock', OWNER.publicKey], /^\/etc\/wgkex\/disallowed_keys: would remove .*\nNothing/],
  ] as const;
  for (const [what, args, expected] of CASES) {
    test(`shows what it would ${what}, and changes nothing`, async () => {
      await letIn(ROUTER);
      assert.equal(await exchange(gateway.address, 'ffww01', KEY), 'OK\n');
      await gateway.unlocked();
      await gateway.cleanUp();
      await writeFile(list, `${OWNER.publicKey}\n`);
      // A key that has just registered is kept, like a living one.
      await ageRecord(gateway, 10);
      const unchanged = await readAll();
      const { exitCode, stdout } = await look(gateway, [...args, '--dry-run'], { columns: 160 });
      assert.equal(exitCode, what === 'refuse' ? 1 : 0);
      assert.match(stdout, expected);
      assert.deepEqual(await readAll(), unchanged);
      const { document } = await lookUp(gateway, [...args, '--dry-run']);
      assert.equal(document.dry_run, true);
      assert.deepEqual(await readAll(), unchanged);
    });
  }

  test('shows the same if the edit would first restore keys, and restores none', async () => {
    await letIn(ROUTER);
    await gateway.cleanUp();
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', ROUTER.publicKey, 'remove');
    const args = ['remove', 'ffww01', ROUTER.publicKey];
    const dry = await lookUp(gateway, [...args, '--dry-run']);
    assert.deepEqual(await gateway.peers(), []);
    const { document } = await lookUp(gateway, args);
    assert.equal(document.domains[0].outcome, 'removed');
    assert.deepEqual(dry.document.domains, document.domains);
  });

  /** The state of the kernel, and the files with their times. */
  async function readAll(): Promise<unknown[]> {
    const files = [gateway.stateFile(), gateway.recordFile(), list];
    const written = files.map(async (file) => [await readFile(file, 'utf8'), (await stat(file)).mtimeMs]);
    return [await gateway.snapshot(), await Promise.all(written)];
  }
});

describe('nothing is changed, and one line gives the reason,', () => {
  const COMMANDS = ['add', 'remove', 'release'] as const;

  for (const command of COMMANDS) {
    test(`when ${command} names a domain that is not configured`, async () => {
      const { exitCode, stdout, stderr } = await look(gateway, [command, 'nowhere', makeKey()]);
      const reason = 'wgkex: domain "nowhere" is not in /etc/wgkex/wgkex.toml; try wgkex --help';
      assert.deepEqual([exitCode, stdout, stderr], [2, '', reason]);
    });

    test(`when an interface is missing for ${command}`, async () => {
      await gateway.run('ip', 'link', 'delete', gateway.vxlan());
      const { exitCode, stdout, stderr } = await look(gateway, [command, 'ffww01', makeKey()]);
      await gateway.addVxlan();
      const reason = `Cannot serve domain ffww01: VXLAN interface ${gateway.vxlan()} does not exist`;
      assert.deepEqual([exitCode, stdout, stderr], [1, '', `wgkex: ffww01: ${reason}`]);
    });

    test(`when another process has the lock that ${command} needs`, async () => {
      const holder = new Background('flock', ['--no-fork', gateway.lockFile(), 'sleep', '60']);
      // With the lock, flock becomes sleep; until then, the handler may have the lock to look at the new interface.
      const commandLine = () => readFile(`/proc/${holder.pid}/cmdline`, 'utf8');
      await eventually('it has the lock', async () => (await commandLine()).startsWith('sleep'));
      const { exitCode, stdout, stderr } = await look(gateway, [command, 'ffww01', makeKey()]);
      await holder.stop();
      const reason = 'Cannot lock /run/wgkex/gw81/ffww01.lock: another process has held it for 4 s';
      assert.deepEqual([exitCode, stdout, stderr], [1, '', `wgkex: ffww01: ${reason}`]);
      assert.deepEqual(await readHoldings(gateway), []);
    });
  }

  const needsUser = IS_ROOT_ALONE ? 'SKIPPED: a user namespace has no other users' : false;
  test('when a user other than root calls them', { skip: needsUser }, async () => {
    for (const args of [
      ['add', 'ffww01', makeKey()],
      ['remove', 'ffww01', makeKey()],
      ['block', makeKey()],
      ['unblock', makeKey(), '--dry-run'],
      ['static', 'add', makeKey()],
      ['release', 'ffww01', makeKey()],
      ['adopt', 'ffww01'],
    ]) {
      const [program = '', ...words] = [...AS_WGKEX, 'wgkex', ...args];
      const { exitCode, stdout, stderr } = await attempt(gateway.namespace, program, words);
      assert.deepEqual([exitCode, stdout, stderr], [2, '', 'wgkex: it must be run as root; try wgkex --help']);
    }
  });

  test('when users other than root could write the configuration', async () => {
    await chmod(gateway.configFile, 0o666);
    const { exitCode, stdout, stderr } = await look(gateway, ['add', 'ffww01', makeKey()]);
    await chmod(gateway.configFile, 0o644);
    const reason = 'Cannot trust /etc/wgkex/wgkex.toml: users other than root may write to it, expected mode go-w';
    assert.deepEqual([exitCode, stdout, stderr], [78, '', `wgkex: ${reason}`]);
  });

  test('when the list cannot be written', async () => {
    const key = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    const blocker = `${list}.new`;
    await mkdir(blocker);
    const { exitCode, stdout, stderr } = await look(gateway, ['block', key]);
    await rmdir(blocker);
    const reason = 'wgkex: Cannot write /etc/wgkex/disallowed_keys: illegal operation on a directory';
    assert.deepEqual([exitCode, stdout, stderr], [1, '', reason]);
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, key).sort());
  });

  test('when the state cannot be written from which a key would be restored', async () => {
    await letIn(ROUTER);
    await gateway.cleanUp();
    const blocker = `${gateway.stateFile()}.new`;
    await mkdir(blocker);
    const { exitCode, stderr } = await look(gateway, ['remove', 'ffww01', ROUTER.publicKey]);
    await rmdir(blocker);
    const reason = `Cannot write ${gateway.stateFile()}: illegal operation on a directory`;
    assert.deepEqual([exitCode, stderr], [1, `wgkex: ffww01: ${reason}`]);
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, ROUTER.publicKey).sort());
  });
});

describe('a program that fails', () => {
  test('leaves nothing of a key that was being added', async () => {
    await curse(gateway, '/usr/sbin/bridge', 'bridge -batch', 'fail');
    const { exitCode, stdout, stderr } = await look(gateway, ['add', 'ffww01', makeKey()]);
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, /^wgkex: ffww01: Cannot run bridge -batch -: cursed$/m);
    await liftCurses(gateway);
    assert.deepEqual(await readHoldings(gateway), []);
  });

  test('leaves a key that was being removed as it was, or leaves the rest to the cleanup', async () => {
    const key = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    await curse(gateway, '/usr/bin/wg', 'wg set', 'fail');
    const first = await look(gateway, ['remove', 'ffww01', key]);
    assert.deepEqual([first.exitCode, first.stdout], [1, '']);
    assert.match(first.stderr, /^wgkex: ffww01: Cannot run wg set wg81ffww01 peer …: cursed$/);
    await liftCurses(gateway);
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, key).sort());

    await curse(gateway, '/usr/sbin/bridge', 'bridge -batch', 'fail');
    const { exitCode, stderr, document } = await lookUp(gateway, ['remove', 'ffww01', key]);
    assert.deepEqual([exitCode, stderr], [1, 'wgkex: ffww01: left to the cleanup: Cannot run bridge -batch -: cursed']);
    assert.equal(document.domains[0].effects.length, 1, 'the peer is gone');
    await liftCurses(gateway);
    assert.equal(await gateway.findPeer(key), undefined);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    assert.deepEqual(await readHoldings(gateway), []);
  });
});

test('the service, the cleanup and several operators leave each key whole or gone, even at the same time', async () => {
  const [added, removed, asked] = [0, 1, 2].map(() => Array.from({ length: 4 }, makeKey)) as [
    string[],
    string[],
    string[],
  ];
  for (const key of removed) assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
  // On a busy machine a turn of all those before can take longer than the lock is waited for: then one tries again.
  const edit = (verb: string, key: string) =>
    eventually(`${verb} ${key}`, async () => (await look(gateway, [verb, 'ffww01', key])).exitCode === 0);
  await Promise.all([
    ...added.map((key) => edit('add', key)),
    ...removed.map((key) => edit('remove', key)),
    eventually('a pass', async () => (await gateway.cleanUp()).exitCode === 0),
    ...asked.map((key) =>
      eventually(`an exchange of ${key}`, async () => (await exchange(gateway.address, 'ffww01', key)) === 'OK\n'),
    ),
  ]);
  const expected = [...added, ...asked].flatMap((key) => listHoldings(gateway, key));
  assert.deepEqual(await readHoldings(gateway), expected.sort());
});

/** Lets a router register and connect. */
async function letIn(pair: KeyPair): Promise<void> {
  assert.equal(await exchange(gateway.address, 'ffww01', pair.publicKey), 'OK\n');
  await connect(gateway, pair);
}

async function readState(): Promise<{ readonly marks: object; readonly alive: object }> {
  return JSON.parse(await readFile(gateway.stateFile(), 'utf8'));
}
