import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { attempt, Background, eventually, pause, sh, startIn } from '../../lab/commands.ts';
import { AS_WGKEX, Gateway } from '../../lab/gateway.ts';
import {
  claim,
  grant,
  leased,
  MEMBERS,
  makeTicket,
  openTable,
  readLeases,
  readPeers,
  type Ticket,
} from '../../lab/leases.ts';
import { Member } from '../../lab/member.ts';

const CLEANUP = '/usr/lib/wgkex/wgkex-cleanup';
const LISTENER = '/usr/lib/wgkex/wgkex-listen';
const SECOND_LOOK_SECONDS = 1;
const DAY = 86_400;
const YEAR = 365 * DAY;
/** In the mount namespace that ip(8) gives each command. */
const WITHOUT_SQLITE = [
  'mkdir -p /run/usr && mount --bind /usr /run/usr && mount -t tmpfs tmpfs /usr/bin',
  '/run/usr/bin/ln -s /run/usr/bin/* /usr/bin/ && rm /usr/bin/sqlite3 && exec "$@"',
].join(' && ');
const WITHOUT_SYNCHRONISED_CLOCK = 'mount --bind /run/unsynchronised /usr/bin/timedatectl && exec "$@"';

interface Scene {
  readonly gateway: Gateway;
  readonly member: Member;
  readonly ticket: Ticket;
  readonly directory: string;
}

interface Trouble {
  readonly what: string;
  readonly number: number;
  readonly reason: RegExp;
  /** What a member that is known gets meanwhile. */
  readonly known: 'OK' | 'FAILED';
  readonly begin: (scene: Scene) => Promise<() => Promise<unknown>>;
}

const TROUBLES: readonly Trouble[] = [
  {
    what: 'a full disk',
    number: 51,
    reason: /Cannot write \S+leases\.db: no space left on device/,
    known: 'OK',
    begin: async ({ directory }) => {
      await sh('sh', '-c', `! head -c 10000000 /dev/zero >${directory}/much`);
      return () => rm(`${directory}/much`);
    },
  },
  {
    what: 'a table that is damaged',
    number: 52,
    reason: /Cannot read \S+leases\.db: it is damaged/,
    known: 'FAILED',
    begin: async ({ directory }) => {
      await copyFile(`${directory}/leases.db`, `${directory}/kept`);
      await writeFile(`${directory}/leases.db`, Buffer.alloc(8192, 'x'));
      return () => rename(`${directory}/kept`, `${directory}/leases.db`);
    },
  },
  {
    what: 'a table that another sqlite3 has locked',
    number: 53,
    reason: /Cannot read \S+leases\.db: another process has held its lock for 3 s/,
    known: 'FAILED',
    begin: async ({ directory }) => {
      const holder = new Background('sqlite3', ['-batch', '-bail', `${directory}/leases.db`]);
      holder.child.stdin?.write("BEGIN EXCLUSIVE;\nSELECT 'ready';\n");
      await once(holder.child.stdout ?? process.stdin, 'data');
      return () => holder.stop('SIGKILL');
    },
  },
];
describe('a gateway with members survives:', { concurrency: 4 }, () => {
  for (const { what, number, reason, known, begin } of TROUBLES)
    test(`${what}: members keep their tunnels, others get FAILED, nobody is removed, and afterwards all goes on`, async (t) => {
      const scene = await createScene(t, number);
      const { gateway, member, ticket } = scene;
      const before = await readPeers(gateway);
      const overdue = await makeOverdue(scene);
      assert.equal((await gateway.cleanUp()).exitCode, 0);
      await pause(SECOND_LOOK_SECONDS * 1000);
      const unbound = await grant(gateway);
      const printed = gateway.listener?.stderr.length ?? 0;

      const end = await begin(scene);
      assert.equal((await claim(gateway, { ticket, key: member.key })).code, known);
      const wanted = { ticket: unbound, key: makeKey() };
      assert.equal((await claim(gateway, wanted)).code, 'FAILED');
      assert.match(gateway.listener?.stderr.slice(printed) ?? '', reason);
      for (let turn = 0; turn < 2; turn++) {
        const { exitCode, stderr } = await gateway.cleanUp();
        assert.equal(exitCode, 1);
        assert.match(stderr, reason);
        assert.match(stderr, /"msg":"cleanup failed"/);
      }
      assert.deepEqual(await readPeers(gateway), [...before, overdue].sort());
      assert.equal(await member.ping(), true);

      await end();
      assert.equal((await claim(gateway, wanted)).code, 'OK');
      for (let turn = 0; turn < 2; turn++) {
        assert.equal((await gateway.cleanUp()).exitCode, 0);
        await pause(SECOND_LOOK_SECONDS * 1000);
      }
      assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
      assert.equal((await readPeers(gateway)).length, before.length + 1, 'the one that was over has gone');
      assert.equal(await member.ping(), true);
    });

  test('without sqlite3 members keep their tunnels, all get FAILED, and nobody is removed', async (t) => {
    const { gateway, member, ticket } = await createScene(t, 54);
    const before = await readPeers(gateway);
    await gateway.listener?.stop();
    const listener = startIn(gateway.namespace, 'sh', '-c', WITHOUT_SQLITE, 'sh', ...AS_WGKEX, LISTENER);
    gateway.listener = listener;
    await eventually('it serves', () => listener.hasEnded || listener.stderr.includes('"handler is ready"'));
    assert.equal((await claim(gateway, { ticket, key: member.key })).code, 'FAILED');
    const reason = /sqlite3 is missing; apt-get install sqlite3/;
    assert.match(listener.stderr, reason);
    for (let turn = 0; turn < 2; turn++) {
      const { exitCode, stderr } = await cleanUpIn(gateway, WITHOUT_SQLITE);
      assert.equal(exitCode, 1);
      assert.match(stderr, reason);
      await pause(SECOND_LOOK_SECONDS * 1000);
    }
    assert.deepEqual(await readPeers(gateway), before);
    assert.equal(await member.ping(), true);
  });

  for (const { what, number, lose } of [
    { what: 'that is gone', number: 55, lose: (file: string) => rm(file) },
    { what: 'that a crash has emptied', number: 56, lose: (file: string) => truncate(file) },
  ])
    test(`a table ${what}: members keep their tunnels, and nobody is removed`, async (t) => {
      const { gateway, member, directory } = await createScene(t, number);
      const before = await readPeers(gateway);
      const file = `${directory}/leases.db`;
      await copyFile(file, `${directory}/kept`);
      await lose(file);
      for (let turn = 0; turn < 3; turn++) {
        const { exitCode, stderr } = await gateway.cleanUp();
        assert.equal(exitCode, 1, stderr);
        assert.match(stderr, /leases\.db: it has no lease at all, but the domain has 3 members/);
        await pause(SECOND_LOOK_SECONDS * 1000);
      }
      await claim(gateway, { ticket: makeTicket(), key: makeKey() });
      assert.deepEqual(await readPeers(gateway), before);
      assert.equal(await member.ping(), true);
      await rename(`${directory}/kept`, file);
      assert.equal((await gateway.cleanUp()).exitCode, 0);
      assert.deepEqual(await readPeers(gateway), before);
    });

  test('a clock that is a year ahead in one pass and right in the next one ends no lease', async (t) => {
    const scene = await createScene(t, 57);
    const { gateway, member, ticket } = scene;
    const before = await readPeers(gateway);
    for (let turn = 0; turn < 2; turn++) {
      const { exitCode, stderr } = await gateway.cleanUpAt(readTime() + YEAR);
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /"msg":"lease overdue"/);
      await pause(SECOND_LOOK_SECONDS * 1000);
      const { stderr: right } = await gateway.cleanUp();
      assert.doesNotMatch(right, /"msg":"(lease overdue|lease expired|removed)"/);
      await pause(SECOND_LOOK_SECONDS * 1000);
    }
    for (const years of [-1, 0]) assert.equal((await gateway.cleanUpAt(readTime() + years * YEAR)).exitCode, 0);
    assert.deepEqual(await readPeers(gateway), before);
    assert.equal(await member.ping(), true);
    assert.equal((await claim(gateway, { ticket, key: member.key })).code, 'OK');
  });

  test('while the kernel calls its clock unsynchronised no lease ends, and nobody is marked', async (t) => {
    const scene = await createScene(t, 58);
    const { gateway } = scene;
    const overdue = await makeOverdue(scene);
    await writeFile('/run/unsynchronised', '#!/bin/sh\necho no\n', { mode: 0o755 });
    for (let turn = 0; turn < 3; turn++) {
      const { exitCode, stderr } = await cleanUpIn(gateway, WITHOUT_SYNCHRONISED_CLOCK);
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /"count":1,"reason":"the clock is not synchronised","msg":"no lease expires"/);
      await pause(SECOND_LOOK_SECONDS * 1000);
    }
    assert.ok((await readPeers(gateway)).includes(overdue));
    assert.match((await gateway.cleanUp()).stderr, /"msg":"lease overdue"/, 'the first look');
    assert.ok((await readPeers(gateway)).includes(overdue));
  });

  test('a mark of an earlier boot does not count', async (t) => {
    const scene = await createScene(t, 59);
    const { gateway } = scene;
    const overdue = await makeOverdue(scene);
    assert.match((await gateway.cleanUp()).stderr, /"msg":"lease overdue"/);
    const { marks } = JSON.parse(await readFile(gateway.overdueFile(), 'utf8'));
    await writeFile(gateway.overdueFile(), JSON.stringify({ boot: '0dd5f2a6-0000-4000-8000-000000000000', marks }));
    await pause(SECOND_LOOK_SECONDS * 1000);
    assert.match((await gateway.cleanUp()).stderr, /"msg":"lease overdue"/, 'the first look of this boot');
    assert.ok((await readPeers(gateway)).includes(overdue));
  });

  test('a pool that was made smaller, or moved: members outside keep address and tunnel, also on a new interface', async (t) => {
    const { gateway, member, ticket } = await createScene(t, 60);
    const before = await readPeers(gateway);
    const { config } = await claim(gateway, { ticket, key: member.key });
    for (const pool of [['10.66.0.0/30'], ['10.77.0.0/24'], ['10.66.0.0/24']]) {
      await gateway.reload({ cleanup: { second_look_seconds: 0 } }, { pool });
      for (let turn = 0; turn < 3; turn++) assert.equal((await gateway.cleanUp()).exitCode, 0);
      assert.deepEqual(await readPeers(gateway), before, pool.join());
      assert.equal(await member.ping(), true);
      assert.deepEqual(await claim(gateway, { ticket, key: member.key }), { code: 'OK', config });
      assert.deepEqual(await readPeers(gateway), before, pool.join());
      await gateway.removeInterfaces();
      await gateway.addInterfaces();
      await eventually('all are back', async () => (await readPeers(gateway)).length === before.length);
      assert.deepEqual(await readPeers(gateway), before, pool.join());
      await member.reaches();
    }
    await gateway.reload({ cleanup: { second_look_seconds: 0 } }, { pool: ['10.77.0.0/24'] });
    assert.equal(await (await openTable(gateway)).revoke(ticket.id, readTime()), true);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    assert.equal((await readPeers(gateway)).length, before.length - 1, 'outside the pool a lease ends, too');
  });
});

/** A gateway on a disk of its own, with a member that is connected and two that never were. */
async function createScene(t: TestContext, number: number): Promise<Scene> {
  const directory = `/var/lib/wgkex/gw${number}`;
  await mkdir(directory, { recursive: true });
  await sh('mount', '-t', 'tmpfs', '-o', 'size=400k,mode=0755', 'tmpfs', directory);
  const gateway = await Gateway.create(number, [leased(number)]);
  t.after(async () => {
    await sh('umount', '--lazy', directory);
    await gateway.close();
  });
  await gateway.configure({ cleanup: { second_look_seconds: SECOND_LOOK_SECONDS } });
  await gateway.start();
  const ticket = await grant(gateway, { expires: readTime() + 30 * DAY });
  const member = await Member.join(gateway, 1, ticket);
  for (let each = 0; each < 2; each++)
    assert.equal((await claim(gateway, { ticket: await grant(gateway), key: makeKey() })).code, 'OK');
  return { gateway, member, ticket, directory };
}

/** Binds one more lease, whose end date then passes; returns its peer. */
async function makeOverdue({ gateway }: Scene): Promise<string> {
  const before = await readPeers(gateway);
  const ticket = await grant(gateway);
  assert.equal((await claim(gateway, { ticket, key: makeKey() })).code, 'OK');
  await (await openTable(gateway)).extend(ticket.id, readTime() - 1);
  return (await readPeers(gateway)).find((peer) => !before.includes(peer)) ?? '';
}

/** A pass where something is different. */
function cleanUpIn(gateway: Gateway, script: string) {
  return attempt(gateway.namespace, 'sh', ['-c', script, 'sh', CLEANUP, MEMBERS]);
}

function readTime(): number {
  return Math.floor(Date.now() / 1000);
}
