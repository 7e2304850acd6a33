import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { Bystanders } from '../../lab/bystanders.ts';
import { exchange, makeKey } from '../../lab/client.ts';
import { attempt, Background, eventually, pause, sh, startIn } from '../../lab/commands.ts';
import { curse, liftCurses, type Program } from '../../lab/fakes.ts';
import { type DomainSetup, Gateway } from '../../lab/gateway.ts';
import { give, listHoldings, readHoldings, strip } from '../../lab/holdings.ts';
import { formatMessage, type Request } from '../../src/core/privsep/requests.ts';

const CLEANUP = '/usr/lib/wgkex/wgkex-cleanup';
const DOMAIN = 'ffww01';

describe('a gateway survives:', { concurrency: 7 }, () => {
  test('a program that hangs in a cleanup: it is one line, however many keys were affected, and the next pass continues', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 42);
    const [keys, bare] = [Array.from({ length: 10 }, makeKey), makeKey()];
    await give(gateway, [...keys, bare]);
    await gateway.configure({ cleanup: { second_look_seconds: 0 } });
    await gateway.cleanUp();
    await strip(gateway, bare);
    await curse(gateway, '/usr/bin/wg', 'wg set', 'hang');
    await curse(gateway, '/usr/sbin/bridge', 'fdb append', 'hang');
    const { exitCode, stderr } = await gateway.cleanUp();
    assert.deepEqual(findProblems(stderr), [
      `failed: Cannot run wg set ${gateway.wireguard()} peer …: timed out after 5 s`,
      'failed: Cannot run bridge -batch -: timed out after 5 s',
    ]);
    assert.equal(exitCode, 1);
    await liftCurses(gateway);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    await bystanders.assertHoldings([]);
  });

  const hangs: readonly { program: Program; words: string; number: number; shown: RegExp }[] = [
    { program: '/usr/bin/wg', words: 'wg show', number: 37, shown: /wg show wg37ffww01 dump/ },
    { program: '/usr/bin/wg', words: 'wg set', number: 38, shown: /wg set wg38ffww01 peer …/ },
    { program: '/usr/sbin/bridge', words: 'bridge -batch', number: 39, shown: /bridge -batch -/ },
    { program: '/usr/sbin/ip', words: 'ip -6 -batch', number: 40, shown: /ip -6 -batch -/ },
  ];
  for (const { program, words, number, shown } of hangs) {
    test(`a program that hangs at ${words}: only its own batch fails, with one line; the next one and other domains continue`, async (t) => {
      const domains = [{ name: DOMAIN, settings: { route: true } }, { name: 'ffww02' }];
      const { gateway, bystanders } = await createGateway(t, number, domains);
      await gateway.start();
      const [handler] = await gateway.findHandlers();
      const keys = Array.from({ length: 10 }, makeKey);
      assert.equal(await exchange(gateway.address, DOMAIN, keys[0] ?? ''), 'OK\n', 'what it does at its start is done');
      await gateway.unlocked();
      await curse(gateway, program, words, 'hang');
      const unlucky = exchange(gateway.address, DOMAIN, makeKey());
      await eventually('it hangs', () => isRunning(`hung ${words}`, gateway.wireguard()));
      await liftCurses(gateway);
      const behind = keys.map((key) => exchange(gateway.address, DOMAIN, key));
      const beside = exchange(gateway.address, 'ffww02', makeKey());
      assert.equal(await Promise.race([unlucky, ...behind, beside]), 'OK\n', 'the other domain is first');
      assert.equal(await unlucky, 'ERR: FAILED\n');
      assert.deepEqual(new Set(await Promise.all(behind)), new Set(['OK\n']));
      const [line = '', ...others] = findProblems(gateway.listener?.stderr);
      assert.match(line, new RegExp(`^failed: Cannot run ${shown.source}: timed out after 5 s$`));
      assert.deepEqual(others, []);
      assert.deepEqual(await gateway.findHandlers(), [handler], 'the handler is the same');
      assert.equal((await gateway.cleanUp()).exitCode, 0);
      await bystanders.assertHoldings(keys);
    });
  }

  test('a program that hangs again and again: it costs a new router its peer, and never the handler', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 41);
    await gateway.start();
    const [handler] = await gateway.findHandlers();
    await curse(gateway, '/usr/sbin/bridge', 'bridge -batch', 'hang');
    assert.equal(await exchange(gateway.address, DOMAIN, makeKey()), 'ERR: FAILED\n');
    assert.deepEqual(findProblems(gateway.listener?.stderr), [
      'failed: Cannot run bridge -batch -: timed out after 5 s',
    ]);
    assert.deepEqual(await gateway.findHandlers(), [handler]);
    await bystanders.assertHoldings([]);
  });

  const spoils = [
    {
      state: 'without room',
      number: 33,
      reason: 'no space left on device',
      spoil: (directory: string) => sh('sh', '-c', `! head -c 1000000 /dev/zero >${directory}/much`),
      repair: (directory: string) => sh('rm', `${directory}/much`),
    },
    {
      state: 'that is read-only',
      number: 34,
      reason: 'read-only file system',
      spoil: (directory: string) => sh('mount', '-o', 'remount,ro', directory),
      repair: (directory: string) => sh('mount', '-o', 'remount,rw', directory),
    },
  ];
  for (const { state, number, reason, spoil, repair } of spoils) {
    test(`a state directory ${state}: it costs no router its exchange or its key`, async (t) => {
      const directory = `/var/lib/wgkex/gw${number}`;
      await mkdir(directory, { recursive: true });
      await sh('mount', '-t', 'tmpfs', '-o', 'size=20k,mode=0755', 'tmpfs', directory);
      t.after(() => sh('umount', directory));
      const { gateway, bystanders } = await createGateway(t, number);
      const keys = [makeKey(), makeKey()];
      await give(gateway, keys);
      await gateway.cleanUp();
      const marked = await readFile(gateway.stateFile());
      await gateway.start();

      await spoil(directory);
      const line = `Cannot write ${gateway.stateFile()}: ${reason}`;
      assert.equal(await exchange(gateway.address, DOMAIN, keys[0] ?? ''), 'OK\n');
      const complaints = [
        `marks not cleared: ${line}`,
        `activity not written: ${line.replace('.json', '.activity.json')}`,
      ];
      await eventually(
        'the handler has said what it could not write',
        () => findProblems(gateway.listener?.stderr).length >= complaints.length,
      );
      assert.deepEqual(findProblems(gateway.listener?.stderr), complaints);
      const { exitCode, stderr } = await gateway.cleanUp();
      assert.deepEqual([exitCode, findProblems(stderr)], [1, [`cleanup failed: ${line}`]]);
      assert.deepEqual(await readFile(gateway.stateFile()), marked);
      await bystanders.assertHoldings(keys);

      await repair(directory);
      assert.equal(await exchange(gateway.address, DOMAIN, keys[0] ?? ''), 'OK\n');
      assert.deepEqual(Object.keys(JSON.parse(await readFile(gateway.stateFile(), 'utf8')).marks), [keys[1]]);
      assert.equal((await gateway.cleanUp()).exitCode, 0);
      await gateway.listener?.stop();
      const files = ['activity.json', 'claims.json', 'history.json', 'json'].map((ending) => `${DOMAIN}.${ending}`);
      assert.deepEqual((await readdir(directory)).sort(), files);
      const { intervals } = JSON.parse(await readFile(`${directory}/${DOMAIN}.activity.json`, 'utf8'));
      const joined = intervals.reduce((sum: number, interval: { joined: number }) => sum + interval.joined, 0);
      assert.equal(joined, 2, 'those are counted, too, that could not be written at once');
    });
  }

  test('the death of the process that holds the lock: the lock is free at once', async (t) => {
    const { gateway } = await createGateway(t, 35);
    await gateway.start();
    await handlerIsIdle(gateway);
    const holder = new Background('flock', ['--no-fork', gateway.lockFile(), 'sleep', '60']);
    await eventually(
      'it has the lock',
      async () =>
        (await attempt(gateway.namespace, 'flock', ['--nonblock', gateway.lockFile(), 'true'])).exitCode === 1,
    );
    const key = makeKey();
    const reply = exchange(gateway.address, DOMAIN, key);
    await pause(500);
    assert.equal(await gateway.findPeer(key), undefined);
    await holder.stop('SIGKILL');
    assert.equal(await reply, 'OK\n');
  });

  test('a stopped cleanup that holds the lock: requests fail and name the cleanup until it is gone', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 36);
    await gateway.start();
    await handlerIsIdle(gateway);
    await curse(gateway, '/usr/sbin/bridge', 'fdb show', 'hold');
    const cleanup = startIn(gateway.namespace, CLEANUP, DOMAIN);
    await eventually('it has the lock', () => isRunning(`bridge -json fdb show dev ${gateway.vxlan()}`));
    cleanup.child.kill('SIGSTOP');
    const [first, second] = [makeKey(), makeKey()];
    assert.equal(await exchange(gateway.address, DOMAIN, first), 'ERR: FAILED\n');
    const line = `failed: Cannot lock ${gateway.lockFile()}: another process has held it for 4 s`;
    assert.deepEqual(findProblems(gateway.listener?.stderr), [line]);
    await cleanup.stop('SIGKILL');
    await liftCurses(gateway);
    for (const key of [first, second]) assert.equal(await exchange(gateway.address, DOMAIN, key), 'OK\n');
    await bystanders.assertHoldings([first, second]);
    assert.deepEqual(findProblems(gateway.listener?.stderr), [line]);
  });

  test('interfaces that vanish under load and come back as others: they are served again without a restart', async (t) => {
    const { gateway } = await createGateway(t, 43);
    await gateway.configure({ limits: { exchanges_per_source_burst: 100_000, connections_per_source: 1000 } });
    await gateway.start();
    const [handler] = await gateway.findHandlers();
    const before = await findIndex(gateway);
    const replies = new Map<string, string>();
    let isOver = false;
    const hammer = async () => {
      while (!isOver) {
        const key = makeKey();
        replies.set(key, await exchange(gateway.address, DOMAIN, key));
      }
    };
    const hammers = Array.from({ length: 4 }, hammer);
    await gateway.removeInterfaces();
    await eventually('requests fail', () => [...replies.values()].includes('ERR: FAILED\n'));
    await gateway.addInterfaces();
    const failed = replies.size;
    await eventually('requests are served', () => [...replies.values()].slice(failed).includes('OK\n'));
    isOver = true;
    await Promise.all(hammers);

    assert.notEqual(await findIndex(gateway), before);
    assert.deepEqual([...new Set(replies.values())].sort(), ['ERR: FAILED\n', 'OK\n']);
    const clear = new RegExp(
      `^(failed|interface check failed|repair failed|left to the cleanup): Cannot (serve domain ${DOMAIN}: (WireGuard|VXLAN) interface \\S+ does not exist|run (wg|bridge|ip) .*)$`,
    );
    assert.deepEqual(
      [...new Set(findProblems(gateway.listener?.stderr))].filter((line) => !clear.test(line)),
      [],
    );
    assert.deepEqual(await gateway.findHandlers(), [handler]);
  });

  test('interfaces recreated within a second: they have every router that got OK', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 44);
    await gateway.start();
    const elsewhere = await gateway.segment.addSource(gateway.segment.ipv4('9.9'));
    assert.equal(await exchange(gateway.address, DOMAIN, bystanders.living, { from: elsewhere }), 'OK\n');
    assert.match(gateway.listener?.stderr ?? '', /"live":true,"msg":"kept"/);
    await gateway.removeInterfaces();
    await gateway.addInterfaces();
    assert.equal(await exchange(gateway.address, DOMAIN, bystanders.living, { from: elsewhere }), 'OK\n');
    assert.deepEqual(await readHoldings(gateway), listHoldings(gateway, bystanders.living).sort());
  });

  test('a clock that is an hour fast: it costs no router its key', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 45);
    // A little more: the handshake may be of this very second, and is stale only after the hour.
    const [key, fast] = [makeKey(), readTime() + 3660];
    for (const expected of [/"heard":"1 h ago","msg":"marked"/, /"heard":"1 h ago","msg":"still marked"/])
      assert.match((await gateway.cleanUpAt(fast)).stderr, expected);
    assert.match((await letInElsewhere(gateway, key, fast)).stdout, /"code":"OK"/);
    assert.match((await gateway.cleanUp()).stderr, /"msg":"alive again"/);
    await bystanders.assertHoldings([key]);
  });

  test('a clock that is an hour slow: it costs no router its key or session', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 46);
    const [key, slow] = [makeKey(), readTime() - 3600];
    await give(gateway, [key]);
    assert.match((await gateway.cleanUp()).stderr, /"alive":1,"marked":1,"waiting":0,"removed":0/);
    assert.match((await gateway.cleanUpAt(slow)).stderr, /"alive":1,"marked":1,"waiting":0,"removed":0/);
    const { stdout, stderr } = await letInElsewhere(gateway, bystanders.living, slow);
    assert.match(stdout, /"code":"OK"/);
    assert.match(stderr, /"live":true,"msg":"kept"/);
    await bystanders.assertHoldings([key]);
  });
});

async function createGateway(
  t: TestContext,
  number: number,
  domains: readonly DomainSetup[] = [{ name: DOMAIN, settings: { route: true } }],
) {
  const gateway = await Gateway.create(number, domains);
  t.after(() => gateway.close());
  return { gateway, bystanders: await Bystanders.join(gateway) };
}

/** Once it has refused something, its start is complete; then it releases the lock. */
async function handlerIsIdle(gateway: Gateway): Promise<void> {
  assert.equal(await exchange(gateway.address, DOMAIN, await gateway.publicKey()), 'ERR: PROHIBITED_WGKEY\n');
  await gateway.unlocked();
}

/** Events and reasons of all warnings and errors, but for that of a lab that has no other user than root. */
function findProblems(log = ''): string[] {
  const lines = log.split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ level, msg }) => level >= 40 && msg !== 'running as root')
    .map(({ msg, reason }) => `${msg}: ${reason}`);
}

/** Whether there is a process whose words contain all these. */
async function isRunning(...words: string[]): Promise<boolean> {
  const processes = (await sh('ps', '-ww', '-eo', 'args')).split('\n');
  return processes.some((line) => words.every((word) => line.includes(word)));
}

async function findIndex(gateway: Gateway): Promise<string> {
  return gateway.run('cat', `/sys/class/net/${gateway.wireguard()}/ifindex`);
}

/** Lets a handler with this clock admit a key for a client at another address. */
function letInElsewhere(gateway: Gateway, key: string, time: number) {
  return gateway.handleAt(
    time,
    formatMessage({ type: 'exchange', id: 1, domain: DOMAIN, key, from: '192.0.2.1' } as Request),
  );
}

/** In Unix seconds. */
function readTime(): number {
  return Math.floor(Date.now() / 1000);
}
