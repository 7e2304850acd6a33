import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { Bystanders } from '../../lab/bystanders.ts';
import { exchange, makeKey } from '../../lab/client.ts';
import { eventually, sh } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { give, giveUnrecorded } from '../../lab/holdings.ts';
import { readRecordedKeys } from '../../lab/record.ts';

const DOMAIN = 'ffww01';
const PAGE_BYTES = 4096;
const EXIT_RESTART = 75;

describe('the files that decide the owner of a peer:', { concurrency: 5 }, () => {
  test('a full runtime directory fails only new keys, and the service recovers by itself', async (t) => {
    const directory = '/run/wgkex/gw86';
    await mkdir(directory, { recursive: true });
    await sh('mount', '-t', 'tmpfs', '-o', 'size=32k,mode=0755', 'tmpfs', directory);
    t.after(() => sh('umount', directory));
    const { gateway, known, bystanders } = await createGateway(t, 86);
    await gateway.start();
    assert.equal(await letIn(gateway, known), 'OK\n');
    await gateway.unlocked();
    await fill(gateway, directory);

    const [first, second] = [makeKey(), makeKey()];
    assert.equal(await letIn(gateway, first), 'ERR: FAILED\n');
    assert.equal(await letIn(gateway, known), 'OK\n', findProblems(gateway).join('; '));
    assert.equal(await letIn(gateway, second), 'ERR: FAILED\n');
    const complaint = `record not written: Cannot write ${gateway.recordFile()}: no space left on device`;
    assert.deepEqual(findProblems(gateway), [complaint], 'once, however many keys it is about');
    await bystanders.assertHoldings([known]);

    await rm(`${directory}/much`);
    assert.equal(await letIn(gateway, first), 'OK\n');
    assert.deepEqual(await readRecordedKeys(gateway), [bystanders.living, known, first].sort());
    await bystanders.assertHoldings([known, first]);
  });

  test('a record that cannot be read fails every exchange, and removes no peer', async (t) => {
    const { gateway, known, bystanders } = await createGateway(t, 87);
    await makeExpired(gateway, known);
    await gateway.start();
    // Under the lock: otherwise the handler may write a new one in between.
    const [record, kept] = [gateway.recordFile(), `${gateway.recordFile()}.kept`];
    await sh('flock', gateway.lockFile(), 'sh', '-c', `mv ${record} ${kept}; mkdir ${record}`);
    for (const key of [known, makeKey()]) assert.equal(await letIn(gateway, key), 'ERR: FAILED\n');
    const reason = `Cannot read ${gateway.recordFile()}: illegal operation on a directory`;
    assert.ok(findProblems(gateway).includes(`failed: ${reason}`), findProblems(gateway).join());
    const { exitCode, stderr } = await gateway.cleanUp();
    assert.equal(exitCode, 1);
    assert.ok(stderr.includes(`"reason":"${reason}","msg":"cleanup failed"`), stderr);
    await bystanders.assertHoldings([known]);

    await rmdir(record);
    await rename(kept, record);
    assert.equal(await letIn(gateway, known), 'OK\n');
  });

  test('a damaged record is set aside, and its previous copy takes its place, with a warning', async (t) => {
    const { gateway, known, bystanders } = await createGateway(t, 88);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    const damaged = `${await readFile(gateway.recordFile(), 'utf8')}\0\0\0\n`;
    await writeFile(gateway.recordFile(), damaged);
    await gateway.start();
    const stranger = await addByHand(gateway);
    assert.equal(await letIn(gateway, known), 'OK\n');
    assert.equal(await letIn(gateway, stranger), 'ERR: PROHIBITED_WGKEY\n');
    assert.deepEqual(findProblems(gateway), ['record lost: Cannot read the record of peers: unexpected line 5']);
    assert.equal(await readFile(`${gateway.recordFile()}.damaged`, 'utf8'), damaged);
    assert.deepEqual(await readRecordedKeys(gateway), [bystanders.living, known].sort());
  });

  test('a record that is gone, although the state names this boot, is made from its previous copy, with a warning', async (t) => {
    const { gateway, known, bystanders } = await createGateway(t, 89);
    for (let pass = 0; pass < 2; pass++) assert.equal((await gateway.cleanUp()).exitCode, 0);
    const stranger = await addByHand(gateway);
    await rm(gateway.recordFile());
    await gateway.start();
    assert.equal(await letIn(gateway, stranger), 'ERR: PROHIBITED_WGKEY\n');
    assert.deepEqual(findProblems(gateway), [`record lost: ${gateway.recordFile()} is gone`]);
    assert.deepEqual(await readRecordedKeys(gateway), [bystanders.living, known].sort());
  });

  test('a record of another boot takes over the peers that the state knows, without a warning', async (t) => {
    const { gateway, known, bystanders } = await createGateway(t, 90);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    const stranger = makeKey();
    await writeFile(gateway.recordFile(), `wgkex-record 1 another-boot\non \nkey ${stranger} - - - - 0\n`);
    await addByHand(gateway, stranger);
    await gateway.start();
    assert.equal(await letIn(gateway, stranger), 'ERR: PROHIBITED_WGKEY\n');
    assert.deepEqual(findProblems(gateway), []);
    assert.deepEqual(await readRecordedKeys(gateway), [bystanders.living, known].sort());
  });

  test('a runtime directory that was replaced ends the service with status 75, and the next one serves', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 91);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    const listener = await gateway.start();
    assert.equal(await letIn(gateway, bystanders.living), 'OK\n');
    await gateway.unlocked();
    const directory = `/run/wgkex/${gateway.namespace}`;
    await rename(directory, `${directory}.old`);
    t.after(() => rm(`${directory}.old`, { recursive: true }));
    await mkdir(directory);
    const lost = makeKey();
    await letIn(gateway, lost).catch(() => '');
    await eventually('the service has ended', () => listener.hasEnded);
    assert.equal(listener.child.exitCode, EXIT_RESTART);
    assert.equal(await gateway.findPeer(lost), undefined);
    await gateway.start();
    assert.equal(await letIn(gateway, bystanders.living), 'OK\n', 'the state knows it');
    assert.equal(await letIn(gateway, lost), 'OK\n');
  });

  const lists = [
    {
      what: 'static_keys that is a directory',
      number: 92,
      setting: 'static_keys',
      spoil: (path: string) => mkdir(path),
    },
    { what: 'static_keys that is named and missing', number: 93, setting: 'static_keys', spoil: async () => {} },
    {
      what: 'disallowed_keys that is named and missing',
      number: 94,
      setting: 'disallowed_keys',
      spoil: async () => {},
    },
  ] as const;
  for (const { what, number, setting, spoil } of lists) {
    test(`${what} fails new keys, keeps the known ones, and removes none`, async (t) => {
      const { gateway, known, bystanders } = await createGateway(t, number);
      const path = `/run/${gateway.namespace}.keys`;
      await spoil(path);
      t.after(() => rm(path, { recursive: true, force: true }));
      await gateway.configure({ [setting]: path });
      await makeExpired(gateway, known);
      const { exitCode, stderr } = await gateway.cleanUp();
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr, /"msg":"nothing removed"/);
      await bystanders.assertHoldings([known]);
      await gateway.start();
      assert.equal(await letIn(gateway, makeKey()), 'ERR: FAILED\n');
      assert.equal(await letIn(gateway, known), 'OK\n');
      assert.match(findProblems(gateway).join('\n'), new RegExp(`^invalid key list: Cannot read ${path}: `));
      await rm(path, { recursive: true, force: true });
      await writeFile(path, '');
      assert.equal(await letIn(gateway, makeKey()), 'OK\n', 'as soon as it can be read');
    });
  }

  test('a line of static_keys that is not a key removes and refuses no peer', async (t) => {
    const { gateway, known, bystanders } = await createGateway(t, 95);
    const path = `/run/${gateway.namespace}.keys`;
    t.after(() => rm(path));
    await writeFile(path, 'o52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg\n');
    await gateway.configure({ static_keys: path });
    await makeExpired(gateway, known);
    const { exitCode, stderr } = await gateway.cleanUp();
    assert.equal(exitCode, 1, stderr);
    assert.match(stderr, /"msg":"nothing removed"/);
    await bystanders.assertHoldings([known]);
    await gateway.start();
    const key = makeKey();
    assert.equal(await letIn(gateway, key), 'OK\n');
    await writeFile(path, '# none\n');
    await makeExpired(gateway, known);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    await bystanders.assertHoldings([key]);
  });

  test('damaged claims are set aside with a warning, and cost no router its exchange', async (t) => {
    const { gateway, known, bystanders } = await createGateway(t, 96);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    await writeFile(gateway.claimsFile(), '{"version":1,"claims":{"x":{}}}\n');
    await gateway.start();
    assert.equal(await letIn(gateway, known), 'OK\n');
    const [problem = '', ...others] = findProblems(gateway);
    assert.match(problem, new RegExp(`: Cannot read the claims in ${gateway.claimsFile()}`));
    assert.deepEqual(others, []);
    assert.ok((await stat(`${gateway.claimsFile()}.damaged`)).isFile());
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    const { claims } = JSON.parse(await readFile(gateway.claimsFile(), 'utf8'));
    assert.deepEqual(Object.keys(claims), [bystanders.living], 'a peer that is there claims its address again');
  });
});

/** A gateway with bystanders, and a key that it has known for a long time. */
async function createGateway(t: TestContext, number: number) {
  const gateway = await Gateway.create(number, [{ name: DOMAIN, settings: { route: true } }]);
  t.after(() => gateway.close());
  const bystanders = await Bystanders.join(gateway);
  const known = makeKey();
  await give(gateway, [known]);
  return { gateway, bystanders, known };
}

function letIn(gateway: Gateway, key: string): Promise<string> {
  return exchange(gateway.address, DOMAIN, key);
}

/** A peer of the operator's that looks like one of wgkex's. */
async function addByHand(gateway: Gateway, key = makeKey()): Promise<string> {
  await giveUnrecorded(gateway, [key]);
  return key;
}

/** Marks a key so long ago that the next pass of the cleanup removes it. */
async function makeExpired(gateway: Gateway, key: string): Promise<void> {
  await mkdir(`/var/lib/wgkex/${gateway.namespace}`, { recursive: true });
  const state = await readFile(gateway.stateFile(), 'utf8').catch(() => '{"version":1}');
  await writeFile(gateway.stateFile(), JSON.stringify({ ...JSON.parse(state), marks: { [key]: 1_600_000_000 } }));
}

/** To the last page: nothing more can be added to the record, the last page of which is full. */
async function fill(gateway: Gateway, directory: string): Promise<void> {
  const { size } = await stat(gateway.recordFile());
  await appendFile(gateway.recordFile(), '\n'.repeat(PAGE_BYTES - (size % PAGE_BYTES)));
  await sh('sh', '-c', `! head -c 1000000 /dev/zero >${directory}/much`);
}

/** Events and reasons of all warnings and errors, but for that of a lab that has no other user than root. */
function findProblems({ listener }: Gateway): string[] {
  const lines = (listener?.stderr ?? '').split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ level, msg }) => level >= 40 && msg !== 'running as root')
    .map(({ msg, reason }) => `${msg}: ${reason}`);
}
