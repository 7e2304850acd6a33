import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { Broker } from '../../lab/broker.ts';
import { shiftTime } from '../../lab/clock.ts';
import { eventually, pause, sh } from '../../lab/commands.ts';
import { findPort, listReplies, Member, registerMany, requireAmong, setUp, V1 } from './scene.ts';

const DIRECTORY = '/run/wgkex-secure';

describe('the front never lies', { timeout: 1_200_000 }, () => {
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

  for (const signal of ['SIGTERM', 'SIGKILL'] as const)
    test(`when the broker ends by ${signal}: own domains are served, all else is FAILED, and all is back in 5 s`, async (t) => {
      const { broker, gateways, front, settle, requireHonest } = await setUp(t);
      const [gw1] = gateways;
      const asking = registerMany(front, 30);
      await broker.stop(signal);
      requireHonest(await asking);
      await eventually(
        'the loss is noticed',
        () => front.countLines('mqtt lost') > 0 && gw1.countLines('mqtt lost') > 0,
      );
      assert.deepEqual(listReplies(await registerMany(front, 5)), ['FAILED']);
      const own = await registerMany(gw1, 5);
      requireAmong(own, [gw1]);
      requireHonest(own);
      assert.deepEqual(listReplies(await registerMany(gw1, 5, V1)), ['OK']);
      await pause(10_000);
      assert.ok(front.countLines('mqtt lost') <= 3, front.log);
      await broker.start();
      const since = performance.now();
      await eventually('everybody is back', () =>
        [...gateways, front].every((member) => member.countLines('mqtt connected') > 1),
      );
      const seconds = (performance.now() - since) / 1000;
      assert.ok(seconds < 5, `${seconds} s`);
      await settle();
    });

  test('when the broker hangs for 20 s: nobody gets OK without a key, and all is back', async (t) => {
    const { broker, gateways, front, settle, requireHonest } = await setUp(t);
    const frozen = broker.freeze(20_000);
    const told = await registerMany(front, 10);
    assert.deepEqual(listReplies(told), ['FAILED']);
    await eventually('the dead link is found', () => front.countLines('mqtt lost') > 0, 18);
    const own = await registerMany(gateways[0], 3);
    requireAmong(own, [gateways[0]]);
    requireHonest(own);
    await frozen;
    await settle();
  });

  test('when a retained state outlived its gateway: it costs one router a moment, and nobody is sent there', async (t) => {
    const { broker, gateways, front, requireHonest } = await setUp(t);
    const [gw1, gw2, gw3] = gateways;
    // Both at once: no will follows.
    broker.persist();
    await eventually('the states are on disk', () => broker.isPersistent());
    await broker.stop('SIGKILL');
    await gw1.process?.stop('SIGKILL');
    await broker.start();
    await eventually('the others are back', () =>
      [gw2, gw3, front].every((member) => member.countLines('mqtt connected') > 1),
    );
    await pause(2500);
    const told = await registerMany(front, 20);
    requireAmong(told, [gw2, gw3]);
    requireHonest(told);
    assert.deepEqual(listReplies(await registerMany(front, 3, V1)), ['OK']);
  });
});

describe('what cannot work is in the log in one line:', { timeout: 1_200_000 }, () => {
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

describe('the broker is one to trust:', { timeout: 300_000 }, () => {
  test('a wrong password and a certificate of nobody are one line each, and a gateway serves its own domains', async (t) => {
    const broker = await Broker.start(findPort(), await makeSecure());
    const gateway = new Member('gw1');
    t.after(() => gateway.close());
    t.after(() => broker.close());
    const password = `${DIRECTORY}/password`;
    const mqtt = { url: [`mqtts://localhost:${broker.port}`], username: 'gw1', id: 'gw1', password_file: password };
    await writeFile(password, 'right\n');
    gateway.configure({ mqtt });
    await gateway.start('mqtt lost');
    assert.ok(gateway.log.includes(`localhost:${broker.port}: self-signed certificate`), gateway.log);
    requireAmong(await registerMany(gateway, 3), [gateway]);
    await writeFile(password, 'wrong\n');
    await gateway.reload({ mqtt: { ...mqtt, ca: `${DIRECTORY}/certificate` } });
    await eventually('the password is refused', () => /[Nn]ot authorized/.test(gateway.log));
    requireAmong(await registerMany(gateway, 3), [gateway]);
    await pause(5000);
    assert.ok(gateway.countLines('mqtt lost') <= 3, gateway.log);
    await writeFile(password, 'right\n');
    await eventually('the password is read again', () => gateway.countLines('mqtt connected') > 0);
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

/** A certificate that nobody signed, and one user; returns lines for the broker. */
async function makeSecure(): Promise<string> {
  await mkdir(DIRECTORY, { recursive: true });
  await sh(
    ...(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const),
    ...['-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', `${DIRECTORY}/key`, '-out', `${DIRECTORY}/certificate`],
  );
  await sh(
    ...([
      'env',
      'LD_LIBRARY_PATH=node_modules/.cache/mosquitto',
      'node_modules/.cache/mosquitto/mosquitto_passwd',
    ] as const),
    ...['-b', '-c', `${DIRECTORY}/users`, 'gw1', 'right'],
  );
  const tls = `certfile ${DIRECTORY}/certificate\nkeyfile ${DIRECTORY}/key`;
  return `${tls}\nallow_anonymous false\npassword_file ${DIRECTORY}/users`;
}
