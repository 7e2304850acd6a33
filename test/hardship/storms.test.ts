import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { exchange, makeKey, open } from '../../lab/client.ts';
import { eventually } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const UNLIMITED = { exchanges_per_source_burst: 100_000, connections_per_source: 1000 };

/** At least three: a key is marked, it could be removed, and it is still there. */
const PASSES = 5;
const KILLS = 5;

let gateway: Gateway;

beforeEach(async () => {
  gateway = await Gateway.create(7);
});
afterEach(() => gateway.close());

test('no key that is registered during a cleanup is removed by it', async () => {
  await gateway.configure({ limits: UNLIMITED, cleanup: { stale_after_seconds: 1, second_look_seconds: 1 } });
  await gateway.start();
  // The next pass removes every key that was not registered in the last second, so each is sent again and again.
  const keys = Array.from({ length: 40 }, makeKey);
  const registrations: { readonly key: string; readonly begin: number; readonly end: number }[] = [];
  let passes = 0;
  const hammer = async (key: string) => {
    while (passes < PASSES) {
      const begin = Date.now();
      assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
      registrations.push({ key, begin, end: Date.now() });
    }
  };
  const cleanUp = async () => {
    for (; passes < PASSES; passes++) {
      const start = Date.now();
      const { exitCode, stderr } = await gateway.cleanUp();
      assert.equal(exitCode, 0, stderr);
      const removed = stderr.split('\n').flatMap((text) => {
        const { msg, key, time } = JSON.parse(text);
        return msg === 'removed' ? [{ key, time: Date.parse(time) }] : [];
      });
      // Its line follows the removal: a request after the start with an OK before the line was registered in between.
      const meanwhile = removed.filter((one) =>
        registrations.some(({ key, begin, end }) => key === one.key && begin >= start && end < one.time),
      );
      assert.deepEqual(meanwhile, [], 'removed though they were registered meanwhile');
    }
  };
  await Promise.all([...keys.map(hammer), cleanUp()]);
  for (const key of keys) assert.notEqual(await gateway.findPeer(key), undefined);
});

test('the handler is killed under load: every client gets OK or FAILED, and every OK is in the kernel', async () => {
  await gateway.configure({ limits: UNLIMITED }, { max_peers: 100_000, max_pending: 100_000 });
  await gateway.start();
  const replies = new Map<string, string>();
  let isOver = false;
  const hammer = async () => {
    while (!isOver) {
      const key = makeKey();
      replies.set(key, await exchange(gateway.address, 'ffww01', key));
    }
  };
  const findGranted = () => [...replies].filter(([, reply]) => reply === 'OK\n').map(([key]) => key);
  const served = (count: number) => {
    const before = findGranted().length;
    return eventually('a handler serves', () => findGranted().length >= before + count);
  };
  const kill = async () => {
    for (let kills = 0; kills < KILLS; kills++) {
      await served(50);
      for (const pid of await gateway.findHandlers()) process.kill(pid, 'SIGKILL');
    }
    await served(50);
    isOver = true;
  };
  await Promise.all([...Array.from({ length: 16 }, hammer), kill()]);
  assert.deepEqual(
    [...new Set(replies.values())].filter((reply) => !['OK\n', 'ERR: FAILED\n'].includes(reply)),
    [],
  );
  const present = new Set<string>((await gateway.peers()).map(({ key }) => key));
  const granted = findGranted();
  assert.deepEqual(
    granted.filter((key) => !present.has(key)),
    [],
  );
  const destinations = new Set<string>((await gateway.entries()).map(({ destination }) => destination));
  const addresses = granted.map((key) => deriveLinkAddress(parsePublicKey(key), 'eui64').address);
  assert.deepEqual(
    addresses.filter((address) => !destinations.has(address)),
    [],
  );
  assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n', 'service goes on');
});

test('500 clients that say nothing do not keep a router from its exchange', async () => {
  await gateway.configure({ limits: { connections: 200, connections_per_source: 1000, line_seconds: 60 } });
  await gateway.start();
  const silent = await Promise.all(Array.from({ length: 500 }, () => open(gateway.address)));
  const start = performance.now();
  assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  assert.ok(performance.now() - start < 30_000, 'while the silent ones have a minute');
  for (const socket of silent) socket.destroy();
});
