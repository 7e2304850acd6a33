import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { Broker } from '../../lab/broker.ts';
import { eventually, pause, sh } from '../../lab/commands.ts';
import { findPort, listReplies, Member, registerMany, requireAmong, setUp, V1 } from './scene.ts';

const DIRECTORY = '/run/wgkex-secure';

describe('the front never lies', { timeout: 600_000 }, () => {
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
