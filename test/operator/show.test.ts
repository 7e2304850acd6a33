import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { Background, eventually } from '../../lab/commands.ts';
import { AS_WGKEX, GATEWAY_LINK_ADDRESS, Gateway, IS_IN_USER_NAMESPACE } from '../../lab/gateway.ts';
import { logged, startJournal } from '../../lab/journal.ts';
import { connect, look, lookUp, makeKeyPair } from '../../lab/operator.ts';
import { ageRecord } from '../../lab/record.ts';
import { deriveAll } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

/** Two key pairs with the same derived address. */
const [OWNER, NEWCOMER] = JSON.parse(await readFile(new URL('../../lab/colliding-keys.json', import.meta.url), 'utf8'));

const ROUTER = makeKeyPair('a router');
const [EUI64, FFMUC, GLUON] = deriveAll(parsePublicKey(ROUTER.publicKey));

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(32, [
    { name: 'ffww01', settings: { route: true } },
    { name: 'ffmuc', settings: { address: 'ffmuc' } },
  ]);
  await gateway.start();
  assert.equal(await exchange(gateway.address, 'ffww01', ROUTER.publicKey), 'OK\n');
  await connect(gateway, ROUTER);
});
after(() => gateway.close());

describe('a router that is there', () => {
  const NAMES = [
    ['its key', ROUTER.publicKey],
    ['its key as the log abbreviates it', `${ROUTER.publicKey.slice(0, 12)}…`],
    ['its address', EUI64?.address],
    ['its allowed IP', `${EUI64?.address}/128`],
    ['its MAC address', EUI64?.mac.toUpperCase()],
    ['the address of another derivation', GLUON?.address],
    ['the MAC address of another derivation', GLUON?.mac],
    ['its endpoint', '10.32.0.2'],
  ] as const;
  for (const [name, text = ''] of NAMES) {
    test(`is found by ${name}`, async () => {
      const { exitCode, document } = await lookUp(gateway, ['show', text]);
      assert.equal(exitCode, 0);
      assert.deepEqual([document.router, document.found, document.own_address], [text, true, false]);
      assert.deepEqual(
        document.routers.map(({ key }: { key: string }) => key),
        [ROUTER.publicKey],
      );
    });
  }

  test('is shown in every domain, with every derivation of its key', async () => {
    const { document } = await lookUp(gateway, ['show', ROUTER.publicKey]);
    const [{ derivations, domains }] = document.routers;
    assert.deepEqual(derivations, [EUI64, FFMUC, GLUON]);
    const { document: list } = await lookUp(gateway, ['peers', 'ffww01']);
    const { received_bytes: _, sent_bytes: __, ...listed } = list.peers[0];
    const { received_bytes, sent_bytes, mesh, ...shown } = domains[0].peer;
    assert.deepEqual(shown, listed);
    assert.equal(mesh, null, 'there is none here');
    assert.ok(received_bytes > 0 && sent_bytes > 0);
    const nothing = { marked_at: null, operators_mark: null, claim_seconds: null, obstacles: [] };
    assert.deepEqual(domains[1], { domain: 'ffmuc', peer: null, ...nothing });
    assert.equal(document.journal, null, 'its absence needs no explanation');
  });

  test('gets a note if it uses another derivation than its domain', async () => {
    const { stdout } = await look(gateway, ['show', GLUON?.address ?? '']);
    assert.match(
      stdout.replace(/\s+/g, ' '),
      new RegExp(`${GLUON?.address} is derived by "gluon"; this domain has address = "eui64"`),
    );
  });

  test('is shown with the time of its removal if it has a mark', async () => {
    const pending = makeKey();
    await exchange(gateway.address, 'ffww01', pending);
    await gateway.cleanUp();
    const { marks } = JSON.parse(await readFile(gateway.stateFile(), 'utf8'));
    const { document } = await lookUp(gateway, ['show', pending]);
    assert.equal(document.routers[0].domains[0].marked_at, marks[pending]);
    assert.match((await look(gateway, ['show', pending])).stdout, /cleanup +marked \d+ s ago; a pass from /);
  });
});

describe('a key that is not there', () => {
  test('is shown with its obstacle: the list of disallowed keys', async () => {
    const key = makeKey();
    await writeFile(`/etc/netns/${gateway.namespace}/wgkex/disallowed_keys`, `${key}\n`);
    const obstacle = { kind: 'disallowed', code: 'PROHIBITED_WGKEY', holder: null };
    await assertObstacles(key, [obstacle], [obstacle]);
    const { stdout } = await look(gateway, ['show', key]);
    assert.match(stdout, /the key is in \/etc\/wgkex\/disallowed_keys: PROHIBITED_WGKEY/);
  });

  test("is shown with its obstacle: it is the gateway's own", async () => {
    const key = await gateway.publicKey('ffmuc');
    await assertObstacles(key, [], [{ kind: 'own-key', code: 'PROHIBITED_WGKEY', holder: null }]);
  });

  test("is shown with its obstacle: its address is the gateway's own", async () => {
    const key = makeKey();
    const [eui64] = deriveAll(parsePublicKey(key));
    await gateway.run('ip', 'address', 'add', `${eui64?.address}/64`, 'dev', gateway.wireguard(), 'nodad');
    await assertObstacles(key, [{ kind: 'own-address', code: 'ADDRESS_TAKEN', holder: null }], []);
  });

  test('is shown with its obstacle: a living key has its address, or one that may still connect', async () => {
    const holder = OWNER.publicKey;
    assert.equal(await exchange(gateway.address, 'ffww01', holder), 'OK\n');
    await assertObstacles(NEWCOMER.publicKey, [{ kind: 'same-address', code: 'BUSY', holder }], []);
    await ageRecord(gateway, 60);
    await assertObstacles(NEWCOMER.publicKey, [{ kind: 'same-address', code: null, holder }], []);
    await connect(gateway, OWNER);
    await assertObstacles(NEWCOMER.publicKey, [{ kind: 'same-address', code: 'ADDRESS_TAKEN', holder }], []);
    assert.equal(await exchange(gateway.address, 'ffww01', NEWCOMER.publicKey), 'ERR: ADDRESS_TAKEN\n');
  });

  test('is shown without an obstacle if it has none, status 1', async () => {
    const { exitCode, stdout } = await look(gateway, ['show', makeKey()]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /nothing keeps it out: it never registered, or it was removed/);
  });

  async function assertObstacles(key: string, ...expected: unknown[][]): Promise<void> {
    const { exitCode, document } = await lookUp(gateway, ['show', key]);
    assert.deepEqual([exitCode, document.found], [1, false]);
    const domains: { obstacles: unknown[] }[] = document.routers[0].domains;
    assert.deepEqual(
      domains.map(({ obstacles }) => obstacles),
      expected,
    );
  }
});

test('an address of the gateway is recognised', async () => {
  const { exitCode, document } = await lookUp(gateway, ['show', GATEWAY_LINK_ADDRESS]);
  assert.deepEqual([exitCode, document.own_address, document.routers], [1, true, []]);
});

describe('an exchange', () => {
  test('that the gateway grants is reported with its time, status 0', async () => {
    const { exitCode, document } = await lookUp(gateway, ['exchange', gateway.address, 'ffww01']);
    assert.equal(exitCode, 0);
    const { key, milliseconds, ...others } = document;
    const where = { host: gateway.address, port: 10012, address: gateway.address };
    assert.deepEqual(others, { success: true, ...where, new_key: true, domain: 'ffww01', code: 'OK', reply: 'OK\n' });
    assert.ok(Number.isInteger(milliseconds));
    assert.notEqual(await gateway.findPeer(key), undefined, 'a new key was admitted');
  });

  test('with a new key names the command that removes the key again', async () => {
    const { stdout } = await look(gateway, ['exchange', gateway.address, 'ffww01']);
    const [, command = '', key = ''] = /^ {2}(wgkex remove ffww01 (\S+))$/m.exec(stdout) ?? [];
    assert.notEqual(await gateway.findPeer(key), undefined, stdout);
    await gateway.run('sh', '-c', command);
    assert.equal(await gateway.findPeer(key), undefined);
  });

  test('can use a given key, IPv6 and a port', async () => {
    const key = makeKey();
    const { exitCode, stdout } = await look(gateway, [
      'exchange',
      `[${gateway.segment.ipv6('0::1')}]:10012`,
      'ffww01',
      key,
    ]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^OK: the gateway knows the key; the tunnel can come up\n/);
    assert.doesNotMatch(stdout, /wgkex remove/, 'the key was given, so it is not ours to remove');
    assert.notEqual(await gateway.findPeer(key), undefined);
  });

  test('that the gateway refuses is reported with its code, status 1', async () => {
    const { exitCode, stdout } = await look(gateway, ['exchange', gateway.address, 'nowhere']);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^INVALID_DOMAIN: the gateway does not serve the domain\n/);
  });

  test('without a reply counts as success only with --quiet-success', async () => {
    await gateway.reload({ quiet_success: true });
    const call = ['exchange', gateway.address, 'ffww01', ROUTER.publicKey];
    const { exitCode, stdout } = await look(gateway, call);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^nothing: the gateway closed the connection/);
    assert.equal((await look(gateway, [...call, '--quiet-success'])).exitCode, 0);
    assert.equal((await look(gateway, ['exchange', gateway.address, 'nowhere', '--quiet-success'])).exitCode, 1);
    await gateway.reload();
  });

  test('with a server that is not a gateway quotes its reply, without control bytes', async (t) => {
    const server = createServer((socket) => socket.end('SSH-2.0\x1b[31m\r\n')).listen(
      10_022,
      gateway.segment.ipv4('0.2'),
    );
    t.after(() => server.close());
    const { exitCode, stdout } = await look(gateway, ['exchange', `${gateway.segment.ipv4('0.2')}:10022`, 'ffww01']);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^"SSH-2\.0\\u001b\[31m\\r\\n": not the reply of a gateway\n/);
  });

  test('with a closed port prints one line that says so', async () => {
    const { exitCode, stdout, stderr } = await look(gateway, ['exchange', `${gateway.address}:9`, 'ffww01']);
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.equal(stderr, `wgkex: Cannot ask ${gateway.address}, port 9: connection refused`);
  });
});

const needsRoot = IS_IN_USER_NAMESPACE
  ? 'SKIPPED: journald needs a cgroup file system, which a user namespace lacks'
  : false;
test('a router that is gone is shown with its lines in the journal, latest first', { skip: needsRoot }, async (t) => {
  t.after(await startJournal());
  await gateway.listener?.stop();
  const listener = ['ip', 'netns', 'exec', gateway.namespace, ...AS_WGKEX, '/usr/lib/wgkex/wgkex-listen'];
  const [program, ...args] = logged('wgkex', ...listener);
  gateway.listener = new Background(program, args);
  const key = makeKey();
  const isServed = () =>
    exchange(gateway.address, 'ffww01', key).then(
      (reply) => reply === 'OK\n',
      () => false,
    );
  await eventually('the listener serves', isServed);
  await gateway.configure({ cleanup: { second_look_seconds: 0 } });
  for (const _ of ['marked', 'removed'])
    await gateway.run(...logged('wgkex-cleanup', '/usr/lib/wgkex/wgkex-cleanup', 'ffww01'));
  assert.equal(await gateway.findPeer(key), undefined);

  const find = async (text: string): Promise<string[]> => {
    const { exitCode, document } = await lookUp(gateway, ['show', text]);
    assert.equal(exitCode, 1);
    return document.journal.map(({ message }: { message: string }) => message);
  };
  /** journald(8) stores its lines with a delay. */
  const findUntil = async (text: string, latest: readonly string[]): Promise<string[]> => {
    let found: string[] = [];
    const isThere = async () => {
      found = await find(text);
      return latest.every((line) => found.includes(line));
    };
    await eventually('the journal has it', isThere).catch(() => {});
    return found;
  };
  const [eui64] = deriveAll(parsePublicKey(key));
  const words = `ffww01 ${eui64?.address} key=${key.slice(0, 12)}…`;
  const removal = [`removed ${words} heard=never`, `marked ${words} heard=never`];
  const found = await findUntil(key, removal);
  assert.deepEqual(found.slice(0, 2), removal);
  assert.equal(found.at(-1), `admitted ${words} from=10.32.0.2 new`);
  assert.ok((await find(eui64?.address ?? '')).includes(removal[0] ?? ''));
  const { stdout } = await look(gateway, ['show', key], { columns: 160 });
  assert.match(
    stdout,
    /From the journal of the last 7 days, latest first:\n {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}removed/,
  );
  assert.deepEqual(await find(makeKey()), []);

  for (const args of [
    ['add', 'ffww01'],
    ['remove', 'ffww01'],
    ['block', '--reason=stolen in Köln'],
  ])
    assert.equal((await look(gateway, [...args, key])).exitCode, 0);
  await lookUp(gateway, ['add', 'ffww01', key, '--dry-run']);
  const edits = [
    `blocked key=${key.slice(0, 12)}… by=operator: stolen in K\\u00f6ln`,
    `removed ${words} by=operator`,
    `admitted ${words} by=operator new`,
  ];
  const journal = await findUntil(key, edits);
  assert.deepEqual(journal.slice(0, 3), edits);
  assert.deepEqual(journal.slice(3), found);
});
