import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shiftTime } from '../../lab/clock.ts';
import { eventually, pause } from '../../lab/commands.ts';
import { listReplies, Member, registerMany, requireAmong, setUp, V1 } from './scene.ts';

describe('the front never lies', { timeout: 600_000 }, () => {
  test('when gateways refuse: v2 goes on to the next, and a final code ends it', async (t) => {
    const { gateways, front, requireHonest } = await setUp(t);
    const [gw1, gw2, gw3] = gateways;
    for (const code of ['FULL', 'FAILED', 'BUSY']) {
      gw1.reply(code);
      const told = await registerMany(front, 12);
      requireAmong(told, [gw2, gw3]);
      requireHonest(told);
    }
    for (const gateway of gateways) gateway.reply('ADDRESS_TAKEN');
    assert.deepEqual(listReplies(await registerMany(front, 3)), ['ADDRESS_TAKEN']);
    for (const gateway of gateways) gateway.reply('FULL');
    assert.deepEqual(listReplies(await registerMany(front, 3)), ['FULL']);
  });

  test('by v1: OK only if every gateway that has room took the key', async (t) => {
    const { gateways, front } = await setUp(t);
    const [told] = await registerMany(front, 1, V1);
    assert.equal(told?.reply, 'OK');
    for (const gateway of gateways) assert.ok(gateway.hasKey(told?.key ?? ''), gateway.id);
    gateways[0].reply('FULL');
    assert.deepEqual(listReplies(await registerMany(front, 3, V1)), ['OK']);
    gateways[0].reply('silence');
    assert.deepEqual(listReplies(await registerMany(front, 3, V1)), ['FAILED']);
    gateways[0].reply('ADDRESS_TAKEN');
    assert.deepEqual(listReplies(await registerMany(front, 3, V1)), ['ADDRESS_TAKEN']);
  });

  test('when a gateway is silent: others serve, and it is left alone', async (t) => {
    const { gateways, front, requireHonest } = await setUp(t);
    const [gw1, gw2, gw3] = gateways;
    gw1.reply('silence');
    const asked = performance.now();
    const told = await registerMany(front, 12);
    assert.ok(performance.now() - asked >= 2000, 'some waited for it');
    requireAmong(told, [gw2, gw3]);
    requireHonest(told);
    gw1.reply(undefined);
    const since = performance.now();
    requireAmong(await registerMany(front, 12), [gw2, gw3]);
    assert.ok(performance.now() - since < 1500, 'nobody waits for it');
  });

  test('when a gateway is slow: others go first, and where there is no other its own routers wait for it', async (t) => {
    const { gateways, requireHonest } = await setUp(t);
    const [gw1, gw2, gw3] = gateways;
    gw1.reply('slow');
    // At the first try it is found out, at the second it is left alone.
    for (const _ of ['found out', 'left alone']) requireAmong(await registerMany(gw1, 6), [gw2, gw3]);
    for (const gateway of [gw2, gw3]) gateway.reply('silence');
    for (const _ of ['found out', 'left alone']) {
      const told = await registerMany(gw1, 6);
      requireAmong(told, [gw1]);
      requireHonest(told);
    }
    for (const gateway of [gw2, gw3]) await gateway.process?.stop();
    requireAmong(await registerMany(gw1, 6), [gw1]);
    gw1.reply('ADDRESS_TAKEN');
    assert.deepEqual(listReplies(await registerMany(gw1, 2)), ['ADDRESS_TAKEN']);
  });

  test('when a gateway is killed: its will takes it away, and when it is back it serves again', async (t) => {
    const { gateways, front, settle, requireHonest } = await setUp(t);
    const [gw1, gw2, gw3] = gateways;
    const asking = registerMany(front, 50);
    await pause(20);
    await gw1.process?.stop('SIGKILL');
    requireHonest(await asking);
    const told = await registerMany(front, 24);
    requireAmong(told, [gw2, gw3]);
    requireHonest(told);
    await gw1.start();
    await settle();
  });

  test('when a gateway stops: it is gone at once, and no will is left', async (t) => {
    const { gateways, front } = await setUp(t);
    const [gw1, gw2, gw3] = gateways;
    await gw1.process?.stop();
    const since = performance.now();
    requireAmong(await registerMany(front, 12), [gw2, gw3]);
    assert.ok(performance.now() - since < 1500, 'nobody waits for it');
    assert.deepEqual(listReplies(await registerMany(front, 2, V1)), ['OK']);
  });

  test('when clocks are an hour fast and slow: their gateways get routers', async (t) => {
    const { gateways, front, settle, requireHonest } = await setUp(t);
    for (const [gateway, hours] of [
      [gateways[0], 1],
      [gateways[1], -1],
    ] as const) {
      await gateway.process?.stop();
      await gateway.start('mqtt connected', { NODE_OPTIONS: shiftTime(hours * 3600) });
    }
    await settle();
    // One that had more routers than the others before gets none for a while.
    await eventually('each gets its share', async () => {
      const told = await registerMany(front, 30);
      requireHonest(told);
      return gateways.every(({ name }) => told.filter(({ reply }) => reply === name).length >= 3);
    });
  });

  test('when a front is killed in the middle of exchanges: nobody ends, and the next one serves', async (t) => {
    const { gateways, front, settle, requireHonest } = await setUp(t);
    const asking = registerMany(front, 50);
    await pause(20);
    await front.process?.stop('SIGKILL');
    requireHonest(await asking);
    await front.start();
    await settle();
    for (const gateway of gateways) assert.equal(gateway.process?.hasEnded, false);
  });
});

describe('what cannot work is in the log in one line:', { timeout: 600_000 }, () => {
  test('two machines with one id', async (t) => {
    const { broker, gateways } = await setUp(t);
    const twin = new Member('gw1');
    t.after(() => twin.close());
    twin.configure({ mqtt: { url: [`mqtt://127.0.0.1:${broker.port}`], id: 'gw1' } });
    await twin.start();
    const says = ({ log }: Member) => /another machine has the id gw1/.test(log);
    await eventually('both say so', () => says(twin) && says(gateways[0]));
    await pause(10_000);
    for (const member of [twin, gateways[0]])
      assert.ok(member.log.split('\n').length < 40, `${member.log.split('\n').length} lines`);
  });
});

test('a front that is not believed cannot say for a router where it is; one that is can', {
  timeout: 120_000,
}, async (t) => {
  const { gateways, front } = await setUp(t);
  const sources = () => gateways.flatMap(({ kernel }) => kernel.map((line) => line.split(' ').slice(1).join(' ')));
  assert.deepEqual([...new Set(sources())], ['127.0.0.1 true']);
  const before = sources().length;
  for (const gateway of gateways) {
    const { mqtt } = gateway.settings as { mqtt: object };
    await gateway.reload({ mqtt: { ...mqtt, fronts: ['front'] } });
  }
  await eventually('the gateways are back', async () => (await front.register()).reply.endsWith('.example.org'));
  await registerMany(front, 5);
  assert.ok(sources().length > before && sources().includes('127.0.0.1 undefined'), sources().join());
});
