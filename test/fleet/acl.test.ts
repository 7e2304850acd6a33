import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { Broker } from '../../lab/broker.ts';
import { makeKey } from '../../lab/client.ts';
import { eventually, sh } from '../../lab/commands.ts';
import { listReplies, Member, registerMany, requireAmong, V1 } from './scene.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAMS = 'node_modules/.cache/mosquitto';
const DIRECTORY = '/run/wgkex-acl';
const CERTIFICATES = `${DIRECTORY}/certs`;
const PORT = 23_883;
const LISTENER = 'listener 8883\n';
const USERS = ['gw1', 'gw2', 'front'];

let broker: Broker;
const [gw1, gw2, front] = USERS.map((id) => new Member(id)) as [Member, Member, Member];

before(async () => {
  await makeFiles();
  broker = await Broker.start(PORT, await readShipped());
  for (const member of [gw1, gw2, front]) {
    const url = [`mqtts://localhost:${PORT}`];
    const secrets = { password_file: `${DIRECTORY}/${member.id}.password`, ca: `${CERTIFICATES}/wgkex-ca.crt` };
    const domains = member === front ? [] : undefined;
    member.configure({ mqtt: { url, id: member.id, username: member.id, fronts: ['front'], ...secrets } }, domains);
    await member.start();
  }
  await eventually('the front knows both', async () => listReplies(await registerMany(front, 8)).length === 2);
});
after(async () => {
  for (const member of [gw1, gw2, front]) await member.close();
  await broker.close();
  await rm(DIRECTORY, { recursive: true });
});

describe('under the configuration and the ACL that are shipped', { timeout: 300_000 }, () => {
  test('a fleet works: by v2 and by v1, and nothing is denied', async () => {
    const told = await registerMany(front, 20);
    requireAmong(told, [gw1, gw2]);
    for (const { key, reply } of told) assert.ok((reply === gw1.name ? gw1 : gw2).hasKey(key), key);
    const all = await registerMany(front, 5, V1);
    assert.deepEqual(listReplies(all), ['OK']);
    for (const { key } of all) assert.ok(gw1.hasKey(key) && gw2.hasKey(key), key);
    assert.match(broker.log, /Received PUBLISH/);
    assert.doesNotMatch(broker.log, /Denied/);
    for (const member of [gw1, gw2, front]) assert.equal(member.countLines('mqtt problem'), 0, member.log);
  });

  test('nobody connects without a password, with that of another, or without encryption', async () => {
    await assert.rejects(open({ username: 'gw1' }), /[Nn]ot authorized/);
    await assert.rejects(open({ username: '' }), /[Nn]ot authorized/);
    await assert.rejects(openAs('gw1', { password: await readPassword('gw2') }), /[Nn]ot authorized/);
    await assert.rejects(openAs('gw1', { protocol: 'mqtt', connectTimeout: 2000 }));
  });

  // Each is what a member may send in its own name, and gw2 sends in somebody else's.
  for (const [what, victim, nameTopic] of [
    ['the state of a gateway', 'gw1', (id: string) => `wgkex/gateway/${id}/ffww01`],
    ['the end of a gateway', 'gw1', (id: string) => `wireguard-worker/${id}/status`],
    ['what only a worker says', 'gw1', (id: string) => `wireguard-worker/${id}/ffww01/data`],
    ['the number of a worker', 'gw1', (id: string) => `wireguard-metrics/ffww09/${id}/connected_peers`],
    ['an exchange', 'front', (id: string) => `wgkex/exchange/gw1/${id}`],
    ['a reply', 'gw1', (id: string) => `wgkex/reply/front/${id}`],
  ] as const)
    test(`a member cannot send in the name of another: ${what}`, async (t) => {
      const heard = await listenAsAll(t);
      const attacker = await openAs('gw2', {}, t);
      await attacker.publishAsync(nameTopic(victim), `for ${what}`, { qos: 1 });
      await attacker.publishAsync(nameTopic('gw2'), `for ${what}`, { qos: 1 });
      await eventually('its own arrives', () => listTopics(heard, `for ${what}`).length > 0);
      assert.deepEqual(listTopics(heard, `for ${what}`), [nameTopic('gw2')]);
      assert.ok(
        listDenied().some((line) => line.includes(`'${nameTopic(victim)}'`)),
        listDenied().join('\n'),
      );
    });

  test('a member cannot leave a will in the name of another', async (t) => {
    const heard = await listenAsAll(t);
    for (const id of ['gw1', 'gw2']) {
      // The broker lets it in, and forgets the will.
      const will = {
        topic: `wireguard-worker/${id}/status`,
        payload: Buffer.from('a will'),
        qos: 1,
        retain: false,
      } as const;
      const attacker = await openAs('gw2', { will }, t);
      attacker.stream.destroy();
    }
    await eventually('its own arrives', () => listTopics(heard, 'a will').length > 0);
    assert.deepEqual(listTopics(heard, 'a will'), ['wireguard-worker/gw2/status']);
  });

  test('a member hears the keys that are for all workers, or for it, and no others', async (t) => {
    const heard: Heard[] = [];
    const workers = await openAs('gw2', {}, t);
    record(workers, heard);
    // As a worker of freifunkMUC subscribes.
    await workers.subscribeAsync('wireguard/ffww09/+', { qos: 1 });
    const broker = await openAs('front', {}, t);
    for (const to of ['gw1', 'front', 'all', 'gw2'])
      await broker.publishAsync(`wireguard/ffww09/${to}`, 'a key', { qos: 1 });
    await eventually('its own arrives', () => listTopics(heard, 'a key').includes('wireguard/ffww09/gw2'));
    assert.deepEqual(listTopics(heard, 'a key').sort(), ['wireguard/ffww09/all', 'wireguard/ffww09/gw2']);
  });

  test('a gateway says to freifunkMUC’s brokers what they need, and takes keys from them', async (t) => {
    const heard: Heard[] = [];
    const theirs = await openAs('front', {}, t);
    record(theirs, heard);
    await theirs.subscribeAsync(['wireguard-metrics/#', 'wireguard-worker/+/+/data'], { qos: 1 });
    const has = (topic: string) => heard.some((one) => one.topic === topic);
    await eventually('data and numbers are there', () =>
      ['gw1', 'gw2'].every(
        (id) => has(`wireguard-worker/${id}/ffww01/data`) && has(`wireguard-metrics/ffww01/${id}/connected_peers`),
      ),
    );
    const key = makeKey();
    await theirs.publishAsync('wireguard/ffww01/all', key, { qos: 1 });
    await eventually('both have the key', () => gw1.hasKey(key) && gw2.hasKey(key));
  });

  test('a member that connects hears the states of a large fleet, none is missing', async (t) => {
    const many = Array.from({ length: 3000 }, (_, index) => `wgkex/gateway/gw2/LARGE${index}`);
    const large = await openAs('gw2', {}, t);
    const publish = (payload: string) =>
      Promise.all(many.map((topic) => large.publishAsync(topic, payload, { qos: 1, retain: true })));
    await publish('a state');
    const heard = await listenAsAll(t);
    await eventually('all arrive', () => heard.length > 0 && listTopics(heard, 'a state').length === many.length, 20);
    await publish('');
  });

  test('no message of a member ends another one', async (t) => {
    const attacker = await openAs('gw2', {}, t);
    const topics = ['exchange/gw1/gw2', 'exchange/front/gw2', 'reply/front/gw2', 'reply/gw1/gw2', 'gateway/gw2/ffww01'];
    const payloads = ['', 'null', '{}', '{"id":1}', '{', '\0\uffff', '[[[['];
    const count = () => [gw1, front].map((member) => member.countLines('mqtt problem'));
    const before = count();
    for (const topic of topics)
      for (const payload of payloads) await attacker.publishAsync(`wgkex/${topic}`, payload, { qos: 1, retain: false });
    await eventually('it is logged', () => count().every((lines, index) => lines > (before[index] ?? 0)));
    await eventually('both serve', async () => listReplies(await registerMany(front, 8)).length === 2);
    for (const member of [gw1, gw2, front]) assert.equal(member.process?.hasEnded, false, member.log);
  });

  test('a member hears no exchange and no reply of others, whatever it subscribes to', async (t) => {
    const heard: Heard[] = [];
    const attacker = await openAs('gw2', {}, t);
    record(attacker, heard);
    const filters = ['#', '+/+/+/+', 'wgkex/exchange/gw1/+', 'wgkex/exchange/gw1/front', 'wgkex/reply/front/gw1'];
    await attacker.subscribeAsync(filters, { qos: 1 });
    const [, last] = [await registerMany(front, 5, V1), await registerMany(front, 1, V1)];
    const isLast = ({ payload }: Heard) => payload.includes(last[0]?.key ?? 'none');
    await eventually('it hears what it is asked itself', () => heard.some(isLast));
    assert.ok(gw1.hasKey(last[0]?.key ?? 'none'), gw1.log);
    const kinds = new Set(heard.map(({ topic }) => topic).filter((topic) => /exchange|reply/.test(topic)));
    assert.deepEqual([...kinds], ['wgkex/exchange/gw2/front']);
    assert.ok(heard.some(({ topic }) => topic === 'wgkex/gateway/gw1/ffww01'));
  });
});

interface Heard {
  readonly topic: string;
  readonly payload: string;
}

/** What all members together can hear. */
async function listenAsAll(t: Cleaner): Promise<Heard[]> {
  const heard: Heard[] = [];
  for (const id of USERS) {
    const client = await openAs(id, {}, t);
    record(client, heard);
    await client.subscribeAsync('#', { qos: 1 });
  }
  return heard;
}

function record(client: MqttClient, heard: Heard[]): void {
  client.on('message', (topic, payload) => heard.push({ topic, payload: payload.toString() }));
}

function listTopics(heard: readonly Heard[], payload: string): string[] {
  return [...new Set(heard.filter((one) => one.payload === payload).map(({ topic }) => topic))];
}

function listDenied(): string[] {
  return broker.log.split('\n').filter((line) => line.includes('Denied PUBLISH'));
}

interface Cleaner {
  after(clean: () => Promise<void>): void;
}

async function openAs(id: string, more: IClientOptions = {}, t?: Cleaner): Promise<MqttClient> {
  const client = await open({ username: id, password: await readPassword(id), ...more });
  t?.after(() => client.endAsync(true));
  return client;
}

async function open({ protocol = 'mqtts', ...options }: IClientOptions): Promise<MqttClient> {
  const ca = await readFile(`${CERTIFICATES}/wgkex-ca.crt`);
  const fixed = { ca, protocolVersion: 4, reconnectPeriod: 0 } as const;
  return connectAsync(`${protocol}://127.0.0.1:${PORT}`, { ...fixed, servername: 'localhost', ...options }, false);
}

async function readPassword(id: string): Promise<string> {
  return readFile(`${DIRECTORY}/${id}.password`, 'utf8');
}

/** Lines for the broker: the shipped files, with the places of this test. */
async function readShipped(): Promise<string> {
  const move = async (file: string) =>
    (await readFile(`${ROOT}examples/mosquitto/${file}`, 'utf8')).replaceAll('/etc/mosquitto', DIRECTORY);
  await writeFile(`${DIRECTORY}/conf.d/wgkex.acl`, await move('wgkex.acl'));
  const settings = await move('wgkex.conf');
  assert.ok(settings.includes(LISTENER));
  return settings.replace(LISTENER, 'log_type all\n');
}

/** By the commands of the guide, with the place and the broker's name of this test. */
async function makeFiles(): Promise<void> {
  await mkdir(`${DIRECTORY}/conf.d`, { recursive: true });
  await mkdir(CERTIFICATES, { recursive: true });
  const guide = await readFile(`${ROOT}docs/fleet.md`, 'utf8');
  const commands = guide.match(/^openssl req (?:.*\\\n)*.*$/gm) ?? [];
  assert.equal(commands.length, 2, guide);
  for (const command of commands)
    await sh('sh', '-ec', `cd ${CERTIFICATES}; ${command.replaceAll('mqtt.example.org', 'localhost')}`);
  await writeFile(`${DIRECTORY}/wgkex.passwords`, '');
  for (const id of USERS) {
    await writeFile(`${DIRECTORY}/${id}.password`, `of ${id}`);
    const words = ['-b', `${DIRECTORY}/wgkex.passwords`, id, `of ${id}`];
    await sh('env', `LD_LIBRARY_PATH=${PROGRAMS}`, `${PROGRAMS}/mosquitto_passwd`, ...words);
  }
}
