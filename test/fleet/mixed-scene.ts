import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { Broker } from '../../lab/broker.ts';
import { eventually } from '../../lab/commands.ts';
import { TheirBroker } from '../../lab/freifunkmuc/broker.ts';
import { findBrokersDeath, findWorkersDeath } from '../../lab/freifunkmuc/deaths.ts';
import { TheirWorker } from '../../lab/freifunkmuc/worker.ts';
import { findPort, Member, registerMany } from './scene.ts';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('../../dist/wgkex', import.meta.url));
export const DOMAIN = 'ffww01';
export const W4 = 'gw04.in.example';

/** Of the handler that stands for ours, and of the worker that stands for theirs. */
export const OWN_KEY = 'TszFS3oFRdhsJP3K0VOlklGMGYZy+oFCtlaghXJqW2g=';
export const WORKER_KEY = 'o52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg=';

interface Scene {
  readonly broker: Broker;
  readonly theirs: TheirBroker;
  readonly ours: readonly Member[];
}

/** Gateways of ours, and a broker of freifunkMUC. */
export async function setUp(t: TestContext, ids: readonly string[]): Promise<Scene> {
  const broker = await Broker.start(findPort());
  const theirs = await TheirBroker.start(broker.port, [DOMAIN, 'ffww02']);
  const ours = ids.map((id) => new Member(id));
  const requireHarmless = await witness(broker);
  t.after(async () => {
    for (const member of ours) await member.close();
    await requireHarmless();
    await theirs.stop();
    await broker.close();
  });
  for (const member of ours) {
    member.configure({ mqtt: { url: [`mqtt://127.0.0.1:${broker.port}`], id: member.id } });
    await member.start();
  }
  return { broker, theirs, ours };
}

/** Hears everything; the function that it returns throws if a message of ours would have ended a thread of theirs. */
async function witness({ port }: Broker): Promise<() => Promise<void>> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
  const deaths: string[] = [];
  client.on('message', (topic, payload) => {
    const isOurs = /^wireguard-(worker\/(gw\d|front)\/|metrics\/\w+\/(gw\d|front)\/)/.test(topic);
    const death = isOurs ? findBrokersDeath(topic, payload, [DOMAIN, 'ffww02']) : findKeysDeath(topic, payload);
    if (death !== undefined) deaths.push(`${topic} ${payload}: ${death}`);
  });
  await client.subscribeAsync('#', { qos: 1 });
  return async () => {
    await client.endAsync();
    assert.deepEqual(deaths, []);
  };
}

/** Only fronts of ours publish keys for the worker alone. */
function findKeysDeath(topic: string, payload: Uint8Array): string | undefined {
  return topic === `wireguard/${DOMAIN}/${W4}` ? findWorkersDeath(topic, payload, 'ffww') : undefined;
}

/** `wgkex fleet` or another command of a member, as JSON. */
export async function runCommand(member: Member, ...words: string[]) {
  const { stdout } = await run(process.execPath, [COMMAND, ...words, '--json', '--config', member.file]).catch(
    (error: { stdout: string }) => error,
  );
  return JSON.parse(stdout);
}

export async function startWorker(t: TestContext, { port }: Broker, name: string): Promise<TheirWorker> {
  const worker = await TheirWorker.start(port, { name, domains: [DOMAIN], prefix: 'ffww' });
  t.after(() => worker.stop());
  return worker;
}

export async function startFront(t: TestContext, { port }: Broker, workers: object): Promise<Member> {
  const front = new Member('front');
  front.configure({ mqtt: { url: [`mqtt://127.0.0.1:${port}`], id: 'front', workers } }, []);
  t.after(() => front.close());
  await front.start();
  return front;
}

export async function knows(theirs: TheirBroker, worker: string, expected: { isOnline: boolean; number: number }) {
  await eventually(`their broker knows of ${worker}: ${JSON.stringify(expected)}`, () => {
    const { isOnline, number } = theirs.describe(worker, DOMAIN);
    return isOnline === expected.isOnline && number === expected.number;
  });
}

export async function listAnswers(front: Member, count: number, path?: string): Promise<string[]> {
  return [...new Set((await registerMany(front, count, path)).map(({ reply }) => reply))];
}
