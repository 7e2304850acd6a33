import assert from 'node:assert/strict';
import { appendFile, readFile, readlink, writeFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { Bystanders } from '../../lab/bystanders.ts';
import { exchange, makeKey, open, readAll } from '../../lab/client.ts';
import { attempt, Background, eventually, sh } from '../../lab/commands.ts';
import { curse, liftCurses } from '../../lab/fakes.ts';
import { Gateway } from '../../lab/gateway.ts';
import { give, listHoldings, readHoldings, strip } from '../../lab/holdings.ts';
import { type Action, findProgramMoments, findWriteMoments, type Moment } from '../../lab/kills.ts';
import { readRecordedKeys, recordKeys } from '../../lab/record.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const DOMAIN = 'ffww01';
const SECOND_LOOK_SECONDS = 900;
/** Two keys with the same derived address. */
const [OWNER, NEWCOMER] = JSON.parse(await readFile(new URL('../../lab/colliding-keys.json', import.meta.url), 'utf8'));

describe('after a kill,', { concurrency: 5 }, () => {
  test('a router that evicts another one is complete after its next exchange, and one pass cleans up', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 47);
    await gateway.configure({}, { max_pending: 1 });
    await gateway.start();
    const keys = [makeKey()];
    assert.equal(await letIn(gateway, keys[0] ?? ''), 'OK\n');
    const letNextIn = async () => {
      await gateway.unlocked();
      // A key that has had its minute.
      await recordKeys(gateway, keys.slice(-1));
      keys.push(makeKey());
      return letIn(gateway, keys.at(-1) ?? '');
    };
    await strikeAll(t, await findProgramMoments(gateway, 'caller', letNextIn), async ({ strike }) => {
      assert.equal(await strike(letNextIn), 'ERR: FAILED\n');
      assert.equal(await letInNow(gateway, keys.at(-1) ?? ''), 'OK\n', gateway.listener?.stderr.slice(-1000));
      await assertComplete(gateway, keys.at(-1) ?? '');
    });
    await assertCleanPass(gateway);
    await bystanders.assertHoldings(keys.slice(-1));
  });

  const registrations = [
    { who: 'a new router', next: () => makeKey(), stays: 'all' },
    { who: 'a known router', next: (last = makeKey()) => last, stays: 'last' },
    { who: 'a router that takes the place of another one', next: takeTurns, stays: 'last' },
  ] as const;
  const victims = [
    { registration: 0, victim: 'caller', number: 20 },
    { registration: 0, victim: 'program', number: 21 },
    { registration: 1, victim: 'caller', number: 22 },
    { registration: 1, victim: 'program', number: 23 },
    { registration: 2, victim: 'caller', number: 24 },
  ] as const;
  for (const { registration, victim, number } of victims) {
    const { who, next, stays } = registrations[registration];
    test(`${who} is complete after its next exchange (the ${victim} is killed)`, async (t) => {
      const { gateway, bystanders } = await createGateway(t, number);
      await gateway.start();
      const keys: string[] = [];
      const letNextIn = async () => {
        const key = next(keys.at(-1));
        await gateway.unlocked();
        // No key is kept because it registered a moment ago.
        await recordKeys(gateway, keys.slice(-1));
        keys.push(key);
        return letIn(gateway, key);
      };
      await letNextIn();
      await strikeAll(t, await findProgramMoments(gateway, victim, letNextIn), async ({ strike }) => {
        assert.equal(await strike(letNextIn), 'ERR: FAILED\n');
        assert.equal(await letInNow(gateway, keys.at(-1) ?? ''), 'OK\n');
        await bystanders.assertHoldings(stays === 'all' ? keys : keys.slice(-1));
      });
    });
  }

  const lost = [
    { who: 'a new router', number: 25, isKnown: false, killed: ['caller', 'program'] },
    { who: 'a known router', number: 26, isKnown: true, killed: ['caller'] },
  ] as const;
  for (const { who, number, isKnown, killed } of lost) {
    test(`${who} that never comes back leaves only traces that one pass of the cleanup fixes`, async (t) => {
      const { gateway, bystanders } = await createGateway(t, number);
      const keys = Array.from({ length: 20 }, makeKey);
      if (isKnown) await give(gateway, keys);
      await gateway.start();
      const letNextIn = async () => {
        await gateway.unlocked();
        return letIn(gateway, keys.pop() ?? '');
      };
      for (const victim of killed) {
        await strikeAll(t, await findProgramMoments(gateway, victim, letNextIn), async ({ strike }) => {
          assert.equal(await strike(letNextIn), 'ERR: FAILED\n');
          assert.equal(await letInNow(gateway, makeKey()), 'OK\n', 'others are served');
        });
      }
      await assertCleanPass(gateway);
      await bystanders.assertConsistency();
    });
  }

  test('a marked router has its mark or has lost it for good, at every write of the handler', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 27);
    const key = makeKey();
    await give(gateway, [key]);
    await assertCleanPass(gateway);
    const marked = await readFile(gateway.stateFile());
    await gateway.start();
    const letMarkedIn = async (strace: readonly string[]) => {
      await writeFile(gateway.stateFile(), marked);
      await gateway.unlocked();
      // A key that was just registered would be kept, without a line in the record.
      await recordKeys(gateway, [key]);
      return traceHandler(gateway, strace, () => letIn(gateway, key));
    };
    const moments = await findWriteMoments(gateway, letMarkedIn);
    assert.ok(moments.length >= 5, 'it opens, writes, syncs and renames a file, and replies');
    await strikeAll(t, moments, async ({ strike }) => {
      assert.equal(await strike(letMarkedIn), 'ERR: FAILED\n');
      const isMarked = (await readMarks(gateway))[key] !== undefined;
      assert.equal(isMarked, (await readFile(gateway.stateFile())).equals(marked), 'the old file or the new one');
      assert.equal(await letInNow(gateway, key), 'OK\n');
      await bystanders.assertHoldings([key]);
      assert.deepEqual(await readMarks(gateway), {});
    });
  });

  test('a router that got OK is complete, although the handler died before its next reply', async (t) => {
    const { gateway } = await createGateway(t, 28);
    await gateway.start();
    const letTwoIn = async (strace: readonly string[]) => {
      const keys = [makeKey(), makeKey()];
      const replies = await traceHandler(gateway, strace, () => Promise.all(keys.map((key) => letIn(gateway, key))));
      return { keys, replies };
    };
    // Two that come in one batch take fewer writes than two that do not, which is a matter of chance.
    const strikeAtLastReply = async (attempts = 5): ReturnType<typeof letTwoIn> => {
      const moments = await findWriteMoments(gateway, letTwoIn);
      const lastReply = moments.findLast(({ name }) => name.startsWith('before its write '));
      assert.ok(lastReply !== undefined);
      return lastReply.strike(letTwoIn).catch((error) => {
        if (attempts === 1) throw error;
        return strikeAtLastReply(attempts - 1);
      });
    };
    const { keys, replies } = await strikeAtLastReply();
    assert.deepEqual([...replies].sort(), ['ERR: FAILED\n', 'OK\n']);
    await assertComplete(gateway, keys[replies.indexOf('OK\n')] ?? '');
  });

  test('the handler completes the request of its listener', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 29);
    const listener = await gateway.start();
    const key = makeKey();
    await curse(gateway, '/usr/bin/wg', 'wg set', 'hold');
    const client = await open(gateway.address);
    const ended = readAll(client).catch(() => '');
    client.write(`${DOMAIN}\n${key}\n`);
    await eventually('the handler is at work', async () => (await sh('ps', '-eo', 'args')).includes(`peer ${key}`));
    await listener.stop('SIGKILL');
    assert.equal(await ended, '');
    await liftCurses(gateway);
    await eventually('its handler has ended, too', async () => (await gateway.findHandlers()).length === 0);
    await bystanders.assertHoldings([key]);
    await gateway.start();
    assert.equal(await letIn(gateway, key), 'OK\n');
    await bystanders.assertHoldings([key]);
  });

  test('the whole service, with a program still running, hinders neither its successor nor the cleanup', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 30);
    const listener = await gateway.start();
    const key = makeKey();
    assert.equal(await letIn(gateway, key), 'OK\n');
    // A key that was just registered would be kept.
    await gateway.unlocked();
    await recordKeys(gateway, [key]);
    await curse(gateway, '/usr/bin/wg', 'wg set', 'hold');
    const client = await open(gateway.address);
    const ended = readAll(client).catch(() => '');
    client.write(`${DOMAIN}\n${key}\n`);
    const isAtWork = async () => (await sh('ps', '-eo', 'args')).includes(`peer ${key} remove`);
    await eventually('the handler is at work', isAtWork);
    const [handler = 0] = await gateway.findHandlers();
    // The listener first: a listener that sees its handler end answers FAILED.
    const stopped = listener.stop('SIGKILL');
    process.kill(handler, 'SIGKILL');
    await stopped;
    assert.equal(await ended, '');
    await gateway.start();
    await liftCurses(gateway);
    assert.equal(await letIn(gateway, key), 'OK\n');
    await eventually('the program has ended', async () => !(await isAtWork()));
    await assertCleanPass(gateway);
    await bystanders.assertHoldings([key]);
  });

  for (const { verb, number } of [
    { verb: 'add', number: 82 },
    { verb: 'remove', number: 83 },
  ]) {
    test(`an operator's wgkex ${verb} leaves only traces that one pass of the cleanup fixes`, async (t) => {
      const { gateway, bystanders } = await createGateway(t, number);
      let key = '';
      const edit = async () => {
        key = makeKey();
        if (verb === 'remove') await give(gateway, [key]);
        return attempt(gateway.namespace, 'wgkex', [verb, DOMAIN, key]);
      };
      const moments = await findProgramMoments(gateway, 'caller', edit);
      assert.ok(moments.length >= 5);
      await strikeAll(t, moments, async ({ strike }) => {
        assert.equal((await strike(edit)).signal, 'SIGKILL');
        await assertCleanPass(gateway);
        await bystanders.assertConsistency();
        assert.equal((await attempt(gateway.namespace, 'wgkex', ['add', DOMAIN, key])).exitCode, 0);
        await assertComplete(gateway, key);
      });
    });
  }

  test('between record and kernel no foreign peer is taken for one of ours, and none of ours is lost', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 84);
    await gateway.start();
    assert.equal(await letIn(gateway, makeKey()), 'OK\n', 'the record has begun');
    let key = '';
    const letNextIn = async () => {
      key = makeKey();
      await gateway.unlocked();
      return letIn(gateway, key);
    };
    const letTracedIn = (strace: readonly string[]) => traceHandler(gateway, strace, letNextIn);
    const writes = await findWriteMoments(gateway, letTracedIn);
    assert.ok(writes.length >= 3, 'it opens and writes the record, and replies');
    const strikes = [
      ...writes.map(({ name, strike }) => ({ name, strike: () => strike(letTracedIn) })),
      ...(await findProgramMoments(gateway, 'caller', letNextIn)).map(({ name, strike }) => ({
        name,
        strike: () => strike(letNextIn),
      })),
    ];
    for (const { name, strike } of strikes) {
      await t.test(name, async () => {
        assert.equal(await strike(), 'ERR: FAILED\n');
        const isPeer = (await gateway.findPeer(key)) !== undefined;
        assert.ok((await readRecordedKeys(gateway)).includes(key) || !isPeer, 'recorded before it is a peer');
        assert.equal(await letInNow(gateway, makeKey()), 'OK\n', 'a reading');
        assert.equal((await readRecordedKeys(gateway)).includes(key), isPeer);
        await (isPeer ? assertOurs : assertOperators)(gateway, key);
        await bystanders.assertConsistency();
      });
    }
  });

  test('a torn last line of the record names no peer, and is gone before the next line is written', async (t) => {
    const { gateway, bystanders } = await createGateway(t, 85);
    await gateway.start();
    const [first, stranger, second] = [makeKey(), makeKey(), makeKey()];
    assert.equal(await letIn(gateway, first), 'OK\n');
    await gateway.unlocked();
    await addByHand(gateway, stranger);
    await appendFile(gateway.recordFile(), `key ${stranger} - - - - 0`);
    assert.equal(await letIn(gateway, stranger), 'ERR: PROHIBITED_WGKEY\n');
    assert.equal(await letIn(gateway, second), 'OK\n');
    assert.deepEqual(await readRecordedKeys(gateway), [bystanders.living, first, second].sort());
    assert.doesNotMatch(await readFile(gateway.recordFile(), 'utf8'), new RegExp(stranger.replaceAll('+', '\\+')));
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', stranger, 'remove');
    await bystanders.assertHoldings([first, second]);
  });

  const sweeps = [
    { what: 'that runs programs', number: 31, find: findCallerMoments },
    { what: 'that writes', number: 32, find: findWriteMoments },
  ];
  for (const { what, number, find } of sweeps) {
    test(`a cleanup ${what} leaves only traces that the next pass fixes`, async (t) => {
      const { gateway, bystanders } = await createGateway(t, number);
      const [expired, marked, bare] = [makeKey(), makeKey(), makeKey()];
      await give(gateway, [expired, marked, bare]);
      await assertCleanPass(gateway);
      const state = JSON.parse(await readFile(gateway.stateFile(), 'utf8'));
      state.marks[expired] -= SECOND_LOOK_SECONDS;
      const sweep = async (strace: readonly string[]) => {
        await give(gateway, [expired]);
        await strip(gateway, bare);
        await writeFile(gateway.stateFile(), JSON.stringify(state));
        const [program = '', ...args] = [...strace, '/usr/lib/wgkex/wgkex-cleanup', DOMAIN];
        return attempt(gateway.namespace, program, args);
      };
      const moments = await find(gateway, sweep);
      assert.ok(moments.length >= 8);
      await strikeAll(t, moments, async ({ strike }) => {
        assert.equal((await strike(sweep)).signal, 'SIGKILL');
        await assertCleanPass(gateway);
        await bystanders.assertHoldings([marked, bare]);
        assert.deepEqual(Object.keys(await readMarks(gateway)).sort(), [marked, bare].sort());
        assert.deepEqual(await readRecordedKeys(gateway), [bystanders.living, marked, bare].sort());
        const { claims } = JSON.parse(await readFile(gateway.claimsFile(), 'utf8'));
        assert.deepEqual(Object.keys(claims), [bystanders.living]);
      });
    });
  }
});

function findCallerMoments(gateway: Gateway, action: Action<unknown>): Promise<Moment[]> {
  return findProgramMoments(gateway, 'caller', action);
}
/** The two with the same address, in turns. */
function takeTurns(last?: string): string {
  return last === OWNER.publicKey ? NEWCOMER.publicKey : OWNER.publicKey;
}

async function strikeAll(t: TestContext, moments: readonly Moment[], check: (moment: Moment) => Promise<void>) {
  for (const moment of moments) await t.test(moment.name, () => check(moment));
}

async function createGateway(t: TestContext, number: number) {
  const gateway = await Gateway.create(number, [{ name: DOMAIN, settings: { route: true } }]);
  t.after(() => gateway.close());
  return { gateway, bystanders: await Bystanders.join(gateway) };
}

function letIn(gateway: Gateway, key: string): Promise<string> {
  return exchange(gateway.address, DOMAIN, key);
}

/** As soon as there is a handler again, however slow the machine is. */
async function letInNow(gateway: Gateway, key: string): Promise<string> {
  await handlerIsReady(gateway);
  return letIn(gateway, key);
}

async function handlerIsReady(gateway: Gateway): Promise<void> {
  const isReady = () => countLines(gateway, 'handler is ready') > countLines(gateway, 'handler ended');
  await eventually('a handler is ready', isReady, 60);
}

function countLines({ listener }: Gateway, event: string): number {
  return (listener?.stderr.split(`"msg":"${event}"`).length ?? 1) - 1;
}

/** Regardless of other keys. */
async function assertComplete(gateway: Gateway, key: string): Promise<void> {
  const holdings = await readHoldings(gateway);
  const missing = listHoldings(gateway, key).filter((line) => !holdings.includes(line));
  assert.deepEqual(missing, []);
}

async function assertOurs(gateway: Gateway, key: string): Promise<void> {
  assert.equal(await letIn(gateway, key), 'OK\n');
  await assertCleanPass(gateway);
}

/** A key that is added by hand after all is the operator's. */
async function assertOperators(gateway: Gateway, key: string): Promise<void> {
  await addByHand(gateway, key);
  assert.equal(await letIn(gateway, key), 'ERR: PROHIBITED_WGKEY\n');
  await assertCleanPass(gateway);
  await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'remove');
}

/** A peer of the operator's that looks like one of wgkex's. */
async function addByHand(gateway: Gateway, key: string): Promise<void> {
  const { address } = deriveLinkAddress(parsePublicKey(key), 'eui64');
  await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'allowed-ips', `${address}/128`);
}

async function assertCleanPass(gateway: Gateway): Promise<void> {
  const { exitCode, stderr } = await gateway.cleanUp();
  assert.equal(exitCode, 0, stderr);
}

async function readMarks(gateway: Gateway): Promise<Record<string, number>> {
  return JSON.parse(await readFile(gateway.stateFile(), 'utf8')).marks;
}

/** Does something while strace(1) looks at what the handler writes: files, and its replies. */
async function traceHandler<T>(gateway: Gateway, strace: readonly string[], action: () => Promise<T>): Promise<T> {
  const [handler = 0] = await gateway.findHandlers();
  const replies = await readlink(`/proc/${handler}/fd/1`);
  const [program = '', ...words] = [...strace, '-P', replies, '-p', String(handler)];
  const tracer = new Background(program, words);
  await eventually('it is attached', () => / attached/.test(tracer.stderr));
  const result = await action();
  await tracer.stop('SIGINT');
  return result;
}
