import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { connectAsync } from 'mqtt';
import { makeKey } from '../../lab/client.ts';
import { eventually } from '../../lab/commands.ts';
import { TheirWorker } from '../../lab/freifunkmuc/worker.ts';
import {
  DOMAIN,
  knows,
  listAnswers,
  OWN_KEY,
  runCommand,
  setUp,
  startFront,
  startWorker,
  W4,
  WORKER_KEY,
} from './mixed-scene.ts';
import { type Member, registerMany, V1 } from './scene.ts';

/** `npm run campaign` sends a million. */
const KEYS = Number(process.env['FLEET_KEYS'] ?? 5000);
const MOST_KB = 160_000;

describe('a gateway of ours is a worker for freifunkMUC’s broker', { timeout: 600_000 }, () => {
  test('which finds data, status and integers, chooses it, and gives it keys', async (t) => {
    const { theirs, ours } = await setUp(t, ['gw1', 'gw2']);
    const [gw1, gw2] = ours as [Member, Member];
    for (const member of ours) await knows(theirs, member.id, { isOnline: true, number: 0 });
    const data = { ExternalAddress: gw1.name, Port: 51_820, PublicKey: OWN_KEY, LinkAddress: 'fe80::1' };
    assert.deepEqual(theirs.describe('gw1', DOMAIN).data, { ...data, Software: 'wgkex' });

    const [key, other] = [makeKey(), makeKey()];
    const endpoint = await theirs.exchangeByV2(DOMAIN, key);
    assert.ok(
      endpoint !== undefined && [gw1.name, gw2.name].includes(String(endpoint.Address)),
      JSON.stringify(endpoint),
    );
    assert.deepEqual(
      { ...endpoint, Address: '' },
      { Address: '', Port: '51820', AllowedIPs: ['fe80::1'], PublicKey: OWN_KEY },
    );
    await theirs.exchangeByV1(DOMAIN, other);
    for (const member of ours) await eventually('each has both', () => member.hasKey(key) && member.hasKey(other));
    assert.ok(gw1.kernel.includes(`${key} undefined undefined broadcast`), gw1.kernel.join('\n'));
    assert.equal(theirs.ended, undefined);
  });

  test('which no longer chooses it after its clean stop, its death, and the end of its domain', async (t) => {
    const { theirs, ours } = await setUp(t, ['gw1', 'gw2', 'gw3']);
    const [gw1, gw2, gw3] = ours as [Member, Member, Member];
    for (const member of ours) await knows(theirs, member.id, { isOnline: true, number: 0 });
    await gw1.process?.stop();
    await knows(theirs, 'gw1', { isOnline: false, number: -1 });
    await gw2.process?.stop('SIGKILL');
    await knows(theirs, 'gw2', { isOnline: false, number: 0 });
    assert.equal(theirs.findBestWorker(DOMAIN), 'gw3');
    await gw3.reload(gw3.settings, ['ffww02']);
    await knows(theirs, 'gw3', { isOnline: true, number: -1 });
    assert.equal(theirs.findBestWorker(DOMAIN), undefined);
    await eventually('it is known for the other one', () => theirs.findBestWorker('ffww02') === 'gw3');

    // The one that was killed comes back without the domain.
    gw2.configure(gw2.settings, ['ffww02']);
    await gw2.start();
    await knows(theirs, 'gw2', { isOnline: true, number: -1 });
    assert.equal(theirs.ended, undefined);
  });

  test('and says again what somebody else has overwritten', async (t) => {
    const { theirs, ours, broker } = await setUp(t, ['gw1']);
    await knows(theirs, 'gw1', { isOnline: true, number: 0 });
    const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    t.after(() => client.endAsync(true));
    const say = (topic: string, payload: string) => client.publishAsync(topic, payload, { qos: 1, retain: true });
    await say(`wireguard-metrics/${DOMAIN}/gw1/connected_peers`, '77');
    await knows(theirs, 'gw1', { isOnline: true, number: 77 });
    await knows(theirs, 'gw1', { isOnline: true, number: 0 });
    await say(`wireguard-worker/gw1/${DOMAIN}/data`, '{"Port":1}');
    await eventually('its data are back', () => theirs.describe('gw1', DOMAIN).data?.['Port'] === 51_820);
    assert.equal(ours[0]?.process?.hasEnded, false);
  });

  test('takes 20 keys a second after a burst of 1,000, whatever else comes, and none that is retained', async (t) => {
    const { ours, broker } = await setUp(t, ['gw1']);
    const [gw1] = ours as [Member];
    const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    t.after(() => client.endAsync(true));
    await gw1.process?.stop();
    const retained = makeKey();
    await client.publishAsync(`wireguard/${DOMAIN}/all`, retained, { qos: 1, retain: true });
    await client.publishAsync(`wireguard/${DOMAIN}/gw1`, retained, { qos: 1, retain: true });
    await gw1.start();
    const poison: (string | Buffer)[] = [
      ...['', '\0', 'key', '{}', `${makeKey()}\n`, ` ${makeKey()}`, makeKey().slice(1), 'A'.repeat(44)],
      ...[
        `${'A'.repeat(43)}=`,
        'x'.repeat(4096),
        `${makeKey()} psk`,
        Buffer.alloc(44, 0xff),
        makeKey().replace('=', 'é'),
      ],
    ];
    for (const payload of poison) await client.publishAsync(`wireguard/${DOMAIN}/all`, payload, { qos: 1 });
    for (const topic of ['wireguard/ffww09/all', 'wireguard/FFWW/all', 'wireguard//all', `wireguard/${DOMAIN}/gw2`])
      await client.publishAsync(topic, makeKey(), { qos: 1 });
    assert.deepEqual(
      gw1.kernel.filter((line) => line.includes('broadcast')),
      [],
    );

    const since = performance.now();
    for (let published = 0; published < KEYS; published += 1000) {
      const keys = Array.from({ length: 1000 }, makeKey);
      await Promise.all(keys.map((key) => client.publishAsync(`wireguard/${DOMAIN}/all`, key, { qos: 1 })));
    }
    const last = makeKey();
    await eventually('it takes keys again', async () => {
      await client.publishAsync(`wireguard/${DOMAIN}/gw1`, last, { qos: 1 });
      return gw1.hasKey(last);
    });
    const most = 1000 + 20 * ((performance.now() - since) / 1000) + 1;
    const taken = gw1.kernel.filter((line) => line.endsWith('broadcast')).length;
    assert.ok(taken >= 1000 && taken <= most, `${taken} of at most ${most}`);
    assert.ok(!gw1.hasKey(retained));
    assert.ok(gw1.countLines('mqtt problem') < 20, gw1.log);
    const memory = readFileSync(`/proc/${gw1.process?.pid}/status`, 'utf8').match(/^VmHWM:\s+(\d+) kB$/m)?.[1];
    t.diagnostic(`${KEYS} keys: ${taken} taken, at most ${memory} kB, ${gw1.log.split('\n').length} lines of log`);
    assert.ok(Number(memory) < MOST_KB, `${memory} kB`);
    for (const reason of ['a retained key', 'expected 44 characters of base64', 'more than 20 keys a second'])
      assert.ok(gw1.log.includes(reason), reason);
  });
});

describe('a front of ours', { timeout: 600_000 }, () => {
  test('sends routers to a worker of freifunkMUC that workers names: once it has said a live number', async (t) => {
    const { broker } = await setUp(t, []);
    const worker = await startWorker(t, broker, W4);
    const front = await startFront(t, broker, { [W4]: { weight: 30, public_key: WORKER_KEY } });
    // Its number is retained: nobody knows whether it lives.
    assert.deepEqual(await listAnswers(front, 2), ['FAILED']);
    await worker.measure(5);
    await eventually('it is chosen', async () => (await listAnswers(front, 1)).includes(worker.externalName));
    const told = [...(await registerMany(front, 10)), ...(await registerMany(front, 5, V1))];
    for (const { key, reply } of told) {
      assert.ok([worker.externalName, 'OK'].includes(reply), reply);
      await eventually('it has the key', () => worker.hasKey('01', key));
      assert.deepEqual(
        worker.heard.filter((line) => line.includes(key)),
        [`wireguard/${DOMAIN}/${W4} ${key}`],
        'once',
      );
    }
    assert.deepEqual([worker.hasLoopEnded, worker.hasQueueEnded], [false, false]);
    assert.ok(front.countLines('unacknowledged') > 0, front.log);

    const { workers, others, attention } = await runCommand(front, 'fleet');
    const [{ worker: name, state, unacknowledged, alive, weight }] = workers;
    assert.deepEqual([name, state, unacknowledged, alive, weight], [W4, 'online', true, 5, 30]);
    assert.deepEqual([workers.length, others.length, attention], [1, 1, []]);
    const { fleet } = await runCommand(front, 'status');
    assert.deepEqual(fleet, { gateways: 0, online: 0, unacknowledged: 1, drained: false });

    await worker.stop();
    await eventually('it is gone', async () => (await listAnswers(front, 1)).includes('FAILED'));
    assert.deepEqual(await listAnswers(front, 2, V1), ['FAILED']);
  });

  test('sends no key and no router to one that is not named, or has another key', async (t) => {
    for (const named of [{}, { [W4]: { public_key: OWN_KEY } }]) {
      const { broker } = await setUp(t, ['gw1']);
      const worker = await startWorker(t, broker, W4);
      const front = await startFront(t, broker, named);
      await worker.measure();
      await eventually('ours serves', async () => (await listAnswers(front, 2)).includes('gw1.example.org'));
      assert.deepEqual(
        [...(await listAnswers(front, 10)), ...(await listAnswers(front, 3, V1))],
        ['gw1.example.org', 'OK'],
      );
      assert.deepEqual(worker.heard, []);
      assert.equal(front.countLines('mqtt problem'), Object.keys(named).length, front.log);
    }
  });

  test('serves a domain that both kinds serve, by both versions, side by side with a broker of freifunkMUC', async (t) => {
    const { broker, theirs, ours } = await setUp(t, ['gw1']);
    const [gw1] = ours as [Member];
    const worker = await startWorker(t, broker, W4);
    const front = await startFront(t, broker, { [W4]: { weight: 1 } });
    await worker.measure();
    const seen = new Set<string>();
    await eventually('both are chosen', async () => {
      for (const answer of await listAnswers(front, 4)) seen.add(answer);
      return seen.has(gw1.name) && seen.has(worker.externalName);
    });
    const told = await registerMany(front, 20);
    const all = await registerMany(front, 4, V1);
    for (const { key, reply } of [...told, ...all]) {
      if (reply !== worker.externalName) assert.ok(gw1.hasKey(key), `${reply} ${key}`);
      if (reply !== gw1.name) await eventually('the worker has it', () => worker.hasKey('01', key));
    }
    assert.deepEqual(new Set(all.map(({ reply }) => reply)), new Set(['OK']));
    const key = makeKey();
    assert.ok((await theirs.exchangeByV2(DOMAIN, key)) !== undefined);
    await eventually('both have it', () => gw1.hasKey(key) && worker.hasKey('01', key));

    // By v1 ours must have the key, too.
    gw1.reply('FULL');
    assert.deepEqual(await listAnswers(front, 2, V1), ['OK']);
    gw1.reply('PROHIBITED_WGKEY');
    assert.deepEqual(await listAnswers(front, 2, V1), ['PROHIBITED_WGKEY']);
    gw1.reply(undefined);
    await worker.kill();
    await eventually('its will is heard', async () => (await listAnswers(front, 6)).join() === gw1.name);
    assert.deepEqual([theirs.ended, worker.hasLoopEnded, worker.hasQueueEnded], [undefined, false, false]);
  });

  test('warns of what would end workers: a domain with a -, and TLS that they do not speak', async (t) => {
    const { broker } = await setUp(t, []);
    const front = await startFront(t, broker, { [W4]: {}, gw05: {} });
    const codes = async () => (await runCommand(front, 'fleet')).attention.map(({ code }: { code: string }) => code);
    assert.deepEqual(await codes(), ['worker-absent', 'worker-absent']);
    const worker = await TheirWorker.start(broker.port, { name: W4, domains: ['ffww-1', DOMAIN], prefix: 'ffww' });
    t.after(() => worker.stop());
    assert.deepEqual(await codes(), ['worker-domain', 'worker-absent']);
    // Its own broker, too, would end it.
    await worker.say('wireguard/ffww-1/all', makeKey(), false);
    await eventually('its loop has ended', () => worker.hasLoopEnded);
    await worker.kill();
    await eventually('it is offline', async () => (await codes()).includes('worker-offline'));
  });

  test('ignores what a worker lies about, logs it once, and goes on', async (t) => {
    const { broker, ours } = await setUp(t, ['gw1']);
    const [gw1] = ours as [Member];
    const worker = await startWorker(t, broker, W4);
    const front = await startFront(t, broker, { [W4]: {} });
    await worker.measure();
    await eventually('it is chosen', async () => (await listAnswers(front, 4)).includes(worker.externalName));
    const good = { ExternalAddress: 'x.example', Port: 1, PublicKey: WORKER_KEY, LinkAddress: 'fe80::4' };
    const data = `wireguard-worker/${W4}/${DOMAIN}/data`;
    const lies = [
      ...['{', 'null', '[]', '\0', 'x'.repeat(8000)],
      ...[{ Port: 0 }, { Port: 65_536 }, { Port: '1' }, { ExternalAddress: 'a b' }, { ExternalAddress: 'a\n.b' }].map(
        lie,
      ),
      ...[{ PublicKey: `${WORKER_KEY}\n` }, { LinkAddress: '2001:db8::1' }, { LinkAddress: '::1' }].map(lie),
    ];
    function lie(change: object): string {
      return JSON.stringify({ ...good, ...change });
    }
    for (const payload of [...lies, ...lies]) await worker.say(data, payload);
    await eventually('only ours is left', async () => (await listAnswers(front, 6)).join() === gw1.name);
    assert.ok(front.countLines('mqtt problem') <= 16, front.log);
    const before = front.countLines('mqtt problem');
    for (const payload of lies) await worker.say(data, payload);
    for (const payload of ['', 'x', '1.5', 'NaN', '\0'])
      await worker.say(`wireguard-metrics/${DOMAIN}/${W4}/connected_peers`, payload);
    await worker.say(data, '');
    await worker.say(`wireguard-worker/${W4}/status`, '');
    await worker.say(data, JSON.stringify(good));
    await worker.say(`wireguard-worker/${W4}/status`, '1');
    await worker.measure();
    await eventually('the truth counts again', async () => (await listAnswers(front, 6)).includes('x.example'));
    assert.ok(front.countLines('mqtt problem') <= before + 1, front.log);
    for (const member of [gw1, front]) assert.equal(member.process?.hasEnded, false);
  });
});
