import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { backUpTable, findPrevious, restoreTable } from '../../../src/system/leases/backup.ts';
import { LeaseTable } from '../../../src/system/leases/lease-table.ts';
import { NOW } from '../../core/arbitraries.ts';
import { address4Of, ask, binding, bound, DAY, END, leaseId, makeDirectories, modeOf, open, unbound } from './scene.ts';

const makeDirectory = makeDirectories();
let directory: string;
let table: LeaseTable;
let file: string;
beforeEach(async () => {
  directory = makeDirectory();
  table = open(directory);
  file = join(makeDirectory(), 'backup');
  await table.grant(unbound(1));
  await table.grant(unbound(2));
  await table.bind([binding(1)]);
});

const fails = (action: Promise<unknown>, message: string) =>
  assert.rejects(action, { name: 'LeaseTableError', message });
const filesOf = (path: string) => readdirSync(path).sort();
const listPrevious = () => new LeaseTable(findPrevious(table.path)).list();

describe('a backup', () => {
  test('has every lease, is for root alone, and replaces an older one', async (t) => {
    const umask = process.umask(0o022);
    t.after(() => process.umask(umask));
    writeFileSync(file, 'an older one', { mode: 0o644 });
    await backUpTable(table.path, file);
    assert.deepEqual(await restoreTable(join(makeDirectory(), 'leases.db'), file), {
      isDone: true,
      dropped: [],
      fault: undefined,
    });
    assert.equal(modeOf(file), 0o600);
    assert.deepEqual(filesOf(join(file, '..')), ['backup']);
    assert.equal(ask(file, 'PRAGMA integrity_check; PRAGMA user_version;'), 'ok\n1');
  });

  test('has nothing of a transaction that is not over', async (t) => {
    const holder = spawn('sqlite3', ['-batch', '-init', '/dev/null', table.path]);
    t.after(() => holder.kill('SIGKILL'));
    holder.stdin.write(`BEGIN IMMEDIATE; DELETE FROM leases; SELECT 'ready';\n`);
    await once(holder.stdout, 'data');
    await backUpTable(table.path, file);
    assert.equal(ask(file, 'SELECT count(*) FROM leases'), '2');
  });

  test('that cannot be made is an error, and the older one stays', async () => {
    const nothing = join(makeDirectory(), 'leases.db');
    await fails(backUpTable(nothing, file), `Cannot read ${nothing}: there is no lease yet`);
    writeFileSync(file, 'an older one');
    writeFileSync(table.path, 'x'.repeat(10_000));
    await fails(backUpTable(table.path, file), `Cannot read ${table.path}: it is damaged`);
    assert.equal(readFileSync(file, 'utf8'), 'an older one');
    assert.deepEqual(filesOf(join(file, '..')), ['backup']);
    const missing = join(directory, 'missing', 'backup');
    await fails(backUpTable(table.path, missing), `Cannot write ${missing}: no such file or directory`);
  });
});

describe('restoring', () => {
  test('brings the leases of the backup back, and keeps the present ones', async () => {
    await backUpTable(table.path, file);
    await table.extend(leaseId(1), END + DAY);
    await table.grant(unbound(3));
    const before = await table.list();
    const restoring = await restoreTable(table.path, file);
    assert.deepEqual(restoring, { isDone: true, dropped: [], fault: undefined });
    assert.deepEqual(await table.list(), [bound(1), unbound(2)]);
    assert.deepEqual(await listPrevious(), before);
    assert.deepEqual([modeOf(table.path), modeOf(findPrevious(table.path))], [0o600, 0o600]);
    assert.deepEqual(filesOf(directory), ['leases.db', 'leases.db.before']);
  });

  const DROPS = [
    ['of a lease that was bound since', () => table.bind([binding(2)]), () => bound(2)],
    [
      'of a lease with another address now',
      async () => {
        await table.release(leaseId(1));
        await table.bind([binding(1, { key: 7, address: 8 })]);
      },
      async () => table.find(leaseId(1)),
    ],
    [
      'of a lease that the backup does not have',
      async () => {
        await table.grant(unbound(3));
        await table.bind([binding(3)]);
      },
      () => bound(3),
    ],
  ] as const;
  for (const [name, change, find] of DROPS) {
    test(`does nothing if it would drop the binding ${name}, unless that is wanted`, async () => {
      await backUpTable(table.path, file);
      await change();
      const [before, dropped] = [await table.list(), [await find()]];
      assert.deepEqual(await restoreTable(table.path, file), { isDone: false, dropped, fault: undefined });
      assert.deepEqual(await table.list(), before);
      assert.deepEqual(filesOf(directory), ['leases.db']);
      const wanted = await restoreTable(table.path, file, { mayDrop: true });
      assert.deepEqual(wanted, { isDone: true, dropped, fault: undefined });
      assert.deepEqual(await table.list(), [bound(1), unbound(2)]);
    });
  }

  test('does not count a binding that has ended since', async () => {
    await table.grant(unbound(3));
    await backUpTable(table.path, file);
    await table.bind([binding(3)]);
    await table.revoke(leaseId(3), NOW);
    assert.deepEqual((await restoreTable(table.path, file)).dropped, []);
    assert.equal((await table.find(leaseId(3)))?.address4, undefined);
  });

  test('changes nothing in a dry run', async () => {
    await backUpTable(table.path, file);
    await table.bind([binding(2)]);
    const result = await restoreTable(table.path, file, { mayDrop: true, isDryRun: true });
    assert.deepEqual(result, { isDone: false, dropped: [bound(2)], fault: undefined });
    assert.equal((await table.find(leaseId(2)))?.address4, address4Of(2));
    assert.deepEqual(filesOf(directory), ['leases.db']);
  });

  test('works where there is no table', async () => {
    await backUpTable(table.path, file);
    const elsewhere = open(makeDirectory());
    assert.equal((await restoreTable(elsewhere.path, file)).isDone, true);
    assert.deepEqual(await elsewhere.list(), [bound(1), unbound(2)]);
    assert.deepEqual([modeOf(elsewhere.path), existsSync(findPrevious(elsewhere.path))], [0o600, false]);
  });

  test('replaces a damaged table only if that is wanted, and keeps it', async () => {
    await backUpTable(table.path, file);
    const damage = 'x'.repeat(10_000);
    writeFileSync(table.path, damage);
    const fault = `Cannot read ${table.path}: it is damaged`;
    assert.deepEqual(await restoreTable(table.path, file), { isDone: false, dropped: [], fault });
    assert.equal(readFileSync(table.path, 'utf8'), damage);
    assert.deepEqual(await restoreTable(table.path, file, { mayDrop: true }), { isDone: true, dropped: [], fault });
    assert.deepEqual(await table.list(), [bound(1), unbound(2)]);
    assert.equal(readFileSync(findPrevious(table.path), 'utf8'), damage);
    assert.deepEqual(filesOf(directory), ['leases.db', 'leases.db.before']);
  });

  const WRONG: readonly (readonly [string, string, () => unknown])[] = [
    ['text', 'it is damaged', () => writeFileSync(file, 'x'.repeat(10_000))],
    ['nothing in it', 'it is not a table of leases', () => writeFileSync(file, '')],
    ['other tables', 'it is not a table of leases', () => ask(file, 'DROP TABLE leases')],
    [
      'a newer schema',
      'a newer version of wgkex made it (schema 99, expected 1)',
      () => ask(file, 'PRAGMA user_version = 99'),
    ],
    [
      'a row that is not a lease',
      'unexpected 0.0.secret',
      () => ask(file, `UPDATE leases SET secret = 'x' WHERE id = '${leaseId(1)}'`),
    ],
    ['half of its pages', 'it is damaged', () => writeFileSync(file, readFileSync(file).subarray(0, 8192))],
  ];
  for (const [name, reason, spoil] of WRONG) {
    test(`refuses a file with ${name}, and changes nothing`, async () => {
      await backUpTable(table.path, file);
      spoil();
      const content = readFileSync(file);
      await fails(restoreTable(table.path, file, { mayDrop: true }), `Cannot read ${file}: ${reason}`);
      assert.deepEqual(await table.list(), [bound(1), unbound(2)]);
      assert.deepEqual(filesOf(directory), ['leases.db']);
      assert.deepEqual(readFileSync(file), content);
    });
  }

  test('refuses a missing file', async () => {
    await fails(restoreTable(table.path, file), `Cannot read ${file}: no such file or directory`);
  });

  test('never loses a binding that another process makes meanwhile', async () => {
    await backUpTable(table.path, file);
    const outcomes = new Set<string>();
    for (let round = 0; round < 15; round++) {
      const bind = new Promise((resolve) => setTimeout(resolve, 4 * round)).then(() => table.bind([binding(2)]));
      const restore = restoreTable(table.path, file).then(
        ({ isDone, dropped }) => (isDone ? 'done' : `refused for ${dropped.length}`),
        ({ message }) => message,
      );
      const [done, outcome] = await Promise.all([bind, restore]);
      assert.deepEqual([done, await table.find(leaseId(2))], [[true], bound(2)], `round ${round}: ${outcome}`);
      outcomes.add(outcome);
      await restoreTable(table.path, file, { mayDrop: true });
    }
    const expected = ['done', 'refused for 1', `Cannot write ${table.path}: it has changed meanwhile; try again`];
    for (const outcome of outcomes) assert.ok(expected.includes(outcome), outcome);
  });
});
