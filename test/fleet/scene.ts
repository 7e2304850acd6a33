import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'smol-toml';
import { Broker } from '../../lab/broker.ts';
import { makeKey } from '../../lab/client.ts';
import { Background, eventually } from '../../lab/commands.ts';
import { postAsFirmware } from '../../lab/firmware.ts';
import { type Told, V1, V2 } from '../../lab/fleet.ts';

const HERE = '127.0.0.1';
const LISTENER = fileURLToPath(new URL('../../dist/wgkex-listen', import.meta.url));
const HANDLER = fileURLToPath(new URL('handler.mjs', import.meta.url));
const DOMAIN = 'ffww01';
const PORTS = 300;
let lastPort = await takePorts(10_000);

type Settings = Record<string, unknown>;

/** The built listener with a handler that has a file for its kernel, so that times do not depend on the machine. */
export class Member {
  readonly id: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'wgkex-fleet-'));
  readonly #httpPort = ++lastPort;
  readonly #linesPort = ++lastPort;
  #settings: Settings = {};
  #domains: readonly string[] = [DOMAIN];
  process: Background | undefined;

  constructor(id: string) {
    this.id = id;
  }

  get name(): string {
    return `${this.id}.example.org`;
  }

  get log(): string {
    return this.process?.stderr ?? '';
  }

  /** The lines of its log for an event. */
  countLines(event: string): number {
    return this.log.split('\n').filter((line) => line.includes(`"msg":"${event}"`)).length;
  }

  configure(settings: Settings, domains: readonly string[] = [DOMAIN]): void {
    this.#settings = settings;
    this.#domains = domains;
    const tables = domains.map((name) => [name, { wireguard: `wg-${name}`, vxlan: `vx-${name}` }]);
    const { gateway, ...others } = settings as { gateway?: object };
    const config = {
      listen: [`${HERE}:${this.#linesPort}`],
      handler: [process.execPath, HANDLER, this.#keys],
      ...others,
      gateway: { name: this.name, ...gateway },
      http: { listen: [`${HERE}:${this.#httpPort}`] },
      limits: { exempt: ['127.0.0.0/8'] },
      domains: Object.fromEntries(tables),
    };
    writeFileSync(this.file, stringify(config));
  }

  get file(): string {
    return `${this.#directory}/wgkex.toml`;
  }

  async start(isReady = 'mqtt connected', env: NodeJS.ProcessEnv = {}): Promise<void> {
    const started = new Background(process.execPath, [LISTENER, '--config', this.file], { ...process.env, ...env });
    this.process = started;
    await eventually(`${this.id}: ${isReady}`, () => started.hasEnded || this.countLines(isReady) > 0);
    assert.ok(!started.hasEnded, started.stderr);
  }

  async reload(settings: Settings, domains = this.#domains): Promise<void> {
    const before = this.countLines('reloaded');
    this.configure(settings, domains);
    this.process?.child.kill('SIGHUP');
    await eventually('it has reloaded', () => this.countLines('reloaded') > before);
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** What its handler replies from now on; undefined: OK. */
  reply(code: string | undefined): void {
    if (code === undefined) rmSync(`${this.#keys}.reply`, { force: true });
    else writeFileSync(`${this.#keys}.reply`, code);
  }

  /** Each line has a key, its source, whether that is hearsay, and whether it came by a topic. */
  get kernel(): readonly string[] {
    return existsSync(this.#keys) ? readFileSync(this.#keys, 'utf8').trimEnd().split('\n') : [];
  }

  hasKey(key: string): boolean {
    return this.kernel.some((line) => line.startsWith(key));
  }

  async register(path = V2, fields: object = {}): Promise<Told> {
    const key = makeKey();
    const at = { host: HERE, port: this.#httpPort, path };
    const reply = await postAsFirmware(at, { domain: DOMAIN, public_key: key, ...fields }).then(
      (body) => (body as { Endpoint?: { Address: string } }).Endpoint?.Address ?? (body as { Message: string }).Message,
      (error: Error) => error.message.match(/"code":"([A-Z_]+)"/)?.[1] ?? error.message,
    );
    return { key, reply };
  }

  async close(): Promise<void> {
    await this.process?.stop();
    rmSync(this.#directory, { recursive: true });
  }

  get #keys(): string {
    return `${this.#directory}/keys`;
  }
}

interface Scene {
  readonly broker: Broker;
  readonly gateways: [Member, Member, Member];
  readonly front: Member;
  /** Throws unless each key is at the gateway that its reply named. */
  requireHonest(told: readonly Told[]): void;
  /** Resolves when the front knows the gateways. */
  settle(): Promise<void>;
}

/** Three gateways, and a front without domains. */
export async function setUp(t: TestContext, more: Settings = {}): Promise<Scene> {
  const broker = await Broker.start(++lastPort);
  const gateways = ['gw1', 'gw2', 'gw3'].map((id) => new Member(id)) as [Member, Member, Member];
  const front = new Member('front');
  t.after(async () => {
    for (const member of [...gateways, front]) await member.close();
    await broker.close();
  });
  const url = [`mqtt://${HERE}:${broker.port}`];
  for (const gateway of gateways) gateway.configure({ mqtt: { url, id: gateway.id }, ...more });
  front.configure({ mqtt: { url, id: front.id }, ...more }, []);
  for (const member of [...gateways, front]) await member.start();
  const areAllIn = (replies: ReadonlySet<string>) => gateways.every(({ name }) => replies.has(name));
  const askNine = async () => new Set(listReplies(await registerMany(front, 9)));
  await eventually('each gateway has the same number of routers, so that the next ones go to all', async () =>
    areAllIn(await askNine()),
  );
  const settle = (seen = new Set<string>()) =>
    eventually('the front knows the gateways', async () => {
      for (const reply of await askNine()) seen.add(reply);
      return areAllIn(seen);
    });
  const requireHonest = (told: readonly Told[]) => {
    for (const { key, reply } of told)
      for (const gateway of gateways) if (gateway.name === reply) assert.ok(gateway.hasKey(key), `${reply} ${key}`);
  };
  return { broker, gateways, front, settle, requireHonest };
}

/** Test files run side by side: each has ports of its own, of which it holds the first until it ends. */
function takePorts(first: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const guard = createServer().unref();
    const goOn = (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(takePorts(first + PORTS)) : reject(error);
    guard.once('error', goOn).listen(first, HERE, () => resolve(first));
  });
}

/** Of a broker, or of a door. */
export function findPort(): number {
  return ++lastPort;
}

export function registerMany(front: Member, count: number, path = V2): Promise<Told[]> {
  return Promise.all(Array.from({ length: count }, () => front.register(path)));
}

/** Throws unless each router got one of these gateways. */
export function requireAmong(told: readonly Told[], gateways: readonly Member[]): void {
  const names = gateways.map(({ name }) => name);
  assert.deepEqual(
    listReplies(told).filter((reply) => !names.includes(reply)),
    [],
  );
}

export function listReplies(told: readonly Told[]): string[] {
  return [...new Set(told.map(({ reply }) => reply))].sort();
}

export { V1, V2 };
