import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, afterEach, before, describe, test } from 'node:test';
import { ageRecord } from '../../lab/aging.ts';
import { exchange, makeKey } from '../../lab/client.ts';
import { eventually, pause, sh } from '../../lab/commands.ts';
import { curse, liftCurses } from '../../lab/fakes.ts';
import { Gateway } from '../../lab/gateway.ts';
import { listHoldings, readHoldings } from '../../lab/holdings.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

/** Of the contract: how long a new key may take to connect. */
const CONNECT_SECONDS = 60;

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(8);
  await gateway.start();
});
afterEach(() => liftCurses(gateway));
after(() => gateway.close());

describe('of many keys in one call', () => {
  test('the one that wg fails for gets FAILED, the others OK', async () => {
    const keys = Array.from({ length: 20 }, makeKey);
    const [cursed = ''] = keys.slice(7);
    await curse(gateway, '/usr/bin/wg', cursed, 'fail');
    await assertOnlyFails(keys, cursed);
    assert.match(gateway.listener?.stderr ?? '', /"msg":"failed"/);
    assert.match(gateway.listener?.stderr ?? '', /Cannot run wg set \S+ peer …: cursed/);
  });

  test('the one that bridge fails for gets FAILED and leaves no peer behind, the others OK', async () => {
    const keys = Array.from({ length: 20 }, makeKey);
    const [cursed = ''] = keys.slice(13);
    await curse(gateway, '/usr/sbin/bridge', deriveLinkAddress(parsePublicKey(cursed), 'eui64').address, 'fail');
    await assertOnlyFails(keys, cursed);
  });

  test('the one that failed is served once the fault is fixed', async () => {
    const key = makeKey();
    await curse(gateway, '/usr/bin/wg', key, 'fail');
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'ERR: FAILED\n');
    await liftCurses(gateway);
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
  });
});

describe('on a gateway that keeps routes', () => {
  const settings = { route: true, max_pending: 1 };

  test('a key that wg fails for has nothing, and the one that it would have evicted keeps everything', async (t) => {
    const other = await Gateway.create(91, [{ name: 'ffww01', settings }]);
    t.after(async () => {
      await liftCurses(other);
      await other.close();
    });
    const key = makeKey();
    await curse(other, '/usr/bin/wg', key, 'fail');
    await other.start();
    assert.equal(await exchange(other.address, 'ffww01', key), 'ERR: FAILED\n');
    assert.deepEqual(await readHoldings(other), []);

    const [pending, newcomer] = [makeKey(), makeKey()];
    assert.equal(await exchange(other.address, 'ffww01', pending), 'OK\n');
    await ageRecord(other, CONNECT_SECONDS);
    await curse(other, '/usr/bin/wg', newcomer, 'fail');
    assert.equal(await exchange(other.address, 'ffww01', newcomer), 'ERR: FAILED\n');
    assert.deepEqual(await readHoldings(other), listHoldings(other, pending).sort());
    await liftCurses(other);
    assert.equal(await exchange(other.address, 'ffww01', newcomer), 'OK\n');
    assert.deepEqual(await readHoldings(other), listHoldings(other, newcomer).sort());
  });
});

for (const [program, find] of [
  ['/usr/bin/wg', (key: string) => key],
  ['/usr/sbin/bridge', (key: string) => deriveLinkAddress(parsePublicKey(key), 'eui64').address],
] as const) {
  test(`${program} that hangs costs its callers 5 s, not twice that, and later callers nothing`, async () => {
    const key = makeKey();
    const printed = gateway.listener?.stderr.length;
    await curse(gateway, program, find(key), 'hang');
    const start = performance.now();
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'ERR: FAILED\n');
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds > 4.5 && seconds < 9, `${seconds} s`);
    assert.match(gateway.listener?.stderr.slice(printed) ?? '', /timed out after 5 s/);
    assert.equal(await gateway.findPeer(key), undefined);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  });
}

test('a cleanup removes every key that it can, logs the others, and exits with status 1', async () => {
  const [cursed, other] = [makeKey(), makeKey()];
  for (const key of [cursed, other]) await exchange(gateway.address, 'ffww01', key);
  await gateway.configure({ cleanup: { second_look_seconds: 1 } });
  await gateway.cleanUp();
  await curse(gateway, '/usr/bin/wg', `${cursed} remove`, 'fail');
  await eventually('the second look', async () => {
    const { exitCode } = await gateway.cleanUp();
    return exitCode === 1;
  });
  assert.equal(await gateway.findPeer(other), undefined);
  assert.notEqual(await gateway.findPeer(cursed), undefined);
});

test('a key that is registered while a cleanup is about to remove it is not removed', async () => {
  const key = makeKey();
  await exchange(gateway.address, 'ffww01', key);
  await gateway.configure();
  await gateway.cleanUp();
  const marks = JSON.parse(await readFile(gateway.stateFile(), 'utf8'));
  marks.marks[key] -= 900;
  await writeFile(gateway.stateFile(), JSON.stringify(marks));
  await curse(gateway, '/usr/bin/wg', `${key} remove;`, 'hold');
  const cleanup = gateway.cleanUp();
  await eventually('the cleanup removes', async () => (await sh('ps', '-eo', 'args')).includes(`${key} remove`));
  const reply = exchange(gateway.address, 'ffww01', key);
  await pause(200);
  await liftCurses(gateway);
  assert.equal(await reply, 'OK\n');
  assert.match(
    (await cleanup).stderr,
    new RegExp(`"key":"${key.replace(/[+/]/g, '\\$&')}","heard":"never","msg":"removed"`),
  );
  const { address } = deriveLinkAddress(parsePublicKey(key), 'eui64');
  assert.notEqual(await gateway.findPeer(key), undefined);
  assert.equal((await gateway.entries()).filter(({ destination }) => destination === address).length, 2);
});

async function assertOnlyFails(keys: readonly string[], cursed: string): Promise<void> {
  const replies = await Promise.all(keys.map((key) => exchange(gateway.address, 'ffww01', key)));
  assert.deepEqual(
    replies,
    keys.map((key) => (key === cursed ? 'ERR: FAILED\n' : 'OK\n')),
  );
  for (const key of keys) {
    const { address } = deriveLinkAddress(parsePublicKey(key), 'eui64');
    const count = (await gateway.entries()).filter(({ destination }) => destination === address).length;
    assert.equal((await gateway.findPeer(key)) !== undefined, key !== cursed);
    assert.equal(count, key === cursed ? 0 : 2);
  }
}
