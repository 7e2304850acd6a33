import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { deriveLinkAddress } from '../../src/core/link-address.ts';
import { parsePublicKey } from '../../src/core/public-key.ts';
import { exchange, makeKey, open } from '../lab/client.ts';
import { pause } from '../lab/commands.ts';
import { Gateway } from '../lab/gateway.ts';

const UNLIMITED = { exchanges_per_source_burst: 100_000, connections_per_source: 1000 };

let gateway: Gateway;

beforeEach(async () => {
  gateway = await Gateway.create(7);
});
afterEach(() => gateway.close());

test('no key that is registered during a cleanup is removed by it', async () => {
  await gateway.configure({ limits: UNLIMITED, cleanup: { stale_after_seconds: 1, second_look_seconds: 1 } });
  await gateway.start();
  // Every key that was not registered in the last second is removed by the next pass: so each is sent again and again.
  const keys = Array.from({ length: 40 }, makeKey);
  const lastOk = new Map<string, number>();
  const end = performance.now() + 8000;
  let passes = 0;
  const hammer = async (key: string) => {
    while (performance.now() < end) {
      assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
      lastOk.set(key, performance.now());
    }
  };
  const cleanUp = async () => {
    while (performance.now() < end) {
      const start = performance.now();
      const { exitCode, stderr } = await gateway.cleanUp();
      assert.equal(exitCode, 0, stderr);
      passes++;
      for (const line of stderr.split('\n').map((text) => JSON.parse(text))) {
        if (line.msg === 'removed')
          assert.ok((lastOk.get(line.key) ?? 0) < start, 'removed though it was registered meanwhile');
      }
    }
  };
  await Promise.all([...keys.map(hammer), cleanUp()]);
  assert.ok(passes >= 3, `${passes} passes`);
  for (const key of keys) assert.notEqual(await gateway.findPeer(key), undefined);
});

test('the handler is killed under load: every client gets OK or FAILED, and every OK is in the kernel', async () => {
  await gateway.configure({ limits: UNLIMITED }, { max_peers: 100_000, max_pending: 100_000 });
  await gateway.start();
  const replies = new Map<string, string>();
  const end = performance.now() + 6000;
  const hammer = async () => {
    while (performance.now() < end) {
      const key = makeKey();
      replies.set(key, await exchange(gateway.address, 'ffww01', key));
    }
  };
  let kills = 0;
  const kill = async () => {
    while (performance.now() < end - 1500) {
      await pause(700);
      for (const pid of await gateway.findHandlers()) {
        process.kill(pid, 'SIGKILL');
        kills++;
      }
    }
  };
  await Promise.all([...Array.from({ length: 16 }, hammer), kill()]);
  assert.ok(kills >= 3, `${kills} kills`);
  assert.deepEqual(
    [...new Set(replies.values())].filter((reply) => !['OK\n', 'ERR: FAILED\n'].includes(reply)),
    [],
  );
  const present = new Set<string>((await gateway.peers()).map(({ key }) => key));
  const granted = [...replies].filter(([, reply]) => reply === 'OK\n').map(([key]) => key);
  assert.ok(granted.length > 100, `${granted.length} of ${replies.size} were OK`);
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
  await gateway.configure({ limits: { connections: 200, connections_per_source: 1000 } });
  await gateway.start();
  const silent = await Promise.all(Array.from({ length: 500 }, () => open(gateway.address)));
  const start = performance.now();
  assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  assert.ok(performance.now() - start < 1000, 'within a second, while the silent ones have five');
  for (const socket of silent) socket.destroy();
});
