import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'smol-toml';
import { type ForwardingEntry, parseForwardingEntries } from '../src/core/kernel/fdb.ts';
import { parseDump } from '../src/core/kernel/wg-dump.ts';
import type { Peer } from '../src/core/values/peer.ts';
import { pretendTime } from './clock.ts';
import { attempt, type Background, eventually, ipBatch, pause, sh, shIn, startIn } from './commands.ts';
import { addWireguard, describeVxlan, Segment } from './network.ts';

export const GATEWAY_LINK_ADDRESS = 'fe80::1';
export const WIREGUARD_PORT = 51820;
/** Of the HTTP door where a lab opens it without systemd. */
export const HTTP_PORT = 5000;
export const EXCHANGE_PORT = 10012;

/** user_namespaces(7): the first of the users here, the first of them outside, and how many. */
const USER_RANGES = (await sh('cat', '/proc/self/uid_map')).split('\n').map((line) => line.trim().split(/\s+/));
/** True if an ordinary user made the lab. */
export const IS_IN_USER_NAMESPACE = USER_RANGES[0]?.[1] !== '0';
/** True if that lab has no other user, and no sudo. */
export const IS_ROOT_ALONE = USER_RANGES.length === 1 && USER_RANGES[0]?.[2] === '1';
/** Words that run a program as user wgkex. */
export const AS_WGKEX = IS_ROOT_ALONE ? [] : ['setpriv', '--reuid=wgkex', '--regid=wgkex', '--init-groups'];
const NODE = '/usr/bin/node';
const HANDLER = '/usr/lib/wgkex/wgkex-handler';
const CLEANUP = '/usr/lib/wgkex/wgkex-cleanup';

export interface DomainSetup {
  readonly name: string;
  readonly settings?: Record<string, unknown>;
}

type Settings = Record<string, unknown>;

/**
 * A gateway in a network namespace: real WireGuard and VXLAN interfaces, and the installed executables.
 * Its configuration is where it belongs, because `ip netns exec` shows /etc/netns/NAME/wgkex instead of /etc/wgkex.
 */
export class Gateway {
  readonly namespace: string;
  readonly segment: Segment;
  readonly #number: number;
  readonly #domains: readonly DomainSetup[];
  readonly #wireguards = new Map<string, Background | undefined>();
  readonly #closing: (() => Promise<void>)[] = [];
  listener: Background | undefined;

  readonly #suffix: string;

  private constructor(number: number, segment: Segment, domains: readonly DomainSetup[], suffix: string) {
    this.#number = number;
    this.#suffix = suffix;
    this.segment = segment;
    this.#domains = domains;
    this.namespace = `gw${number}`;
  }

  /** `number` tells the gateways of one lab apart: 1 to 254. The names of the interfaces have the `suffix` after it. */
  static async create(
    number: number,
    domains: readonly DomainSetup[] = [{ name: 'ffww01' }],
    suffix = '',
  ): Promise<Gateway> {
    const gateway = new Gateway(number, await Segment.create(number), domains, suffix);
    await gateway.segment.join(gateway.namespace, '0.1', '0::1');
    for (const { name } of domains) await gateway.addInterfaces(name);
    await mkdir(gateway.#directory, { recursive: true });
    await gateway.configure();
    return gateway;
  }

  get address(): string {
    return this.segment.ipv4('0.1');
  }

  /** The configuration as the test sees it. */
  get configFile(): string {
    return `${this.#directory}/wgkex.toml`;
  }

  /** Where it is kept when pending keys of a domain were first seen. */
  firstSeenFile(domain = this.#firstDomain): string {
    return `/run/wgkex/${this.namespace}/${domain}.pending.json`;
  }

  /** The record of the keys that wgkex registered on a domain's WireGuard interface. */
  recordFile(domain = this.#firstDomain): string {
    return `/run/wgkex/${this.namespace}/${this.wireguard(domain)}.record`;
  }

  /** Which key claims which address, even if its peer is gone. */
  claimsFile(domain = this.#firstDomain): string {
    return `/var/lib/wgkex/${this.namespace}/${domain}.claims.json`;
  }

  /** Which leases of a domain were seen after their end dates. */
  overdueFile(domain = this.#firstDomain): string {
    return `/run/wgkex/${this.namespace}/${domain}.overdue`;
  }

  /** The remembered state of a domain. */
  stateFile(domain = this.#firstDomain): string {
    return `/var/lib/wgkex/${this.namespace}/${domain}.json`;
  }

  wireguard(domain = this.#firstDomain): string {
    return `wg${this.#number}${this.#suffix}${domain}`;
  }

  vxlan(domain = this.#firstDomain): string {
    return `vx${this.#number}${this.#suffix}${domain}`;
  }

  wireguardPort(domain = this.#firstDomain): number {
    return WIREGUARD_PORT + this.#domains.findIndex(({ name }) => name === domain);
  }

  /** Makes both interfaces of a domain; recreated ones have the same private key. */
  async addInterfaces(domain = this.#firstDomain): Promise<void> {
    const wireguard = this.wireguard(domain);
    if (!this.#wireguards.has(domain))
      await writeFile(`/run/${wireguard}.key`, await sh('wg', 'genkey'), { mode: 0o600 });
    this.#wireguards.set(domain, await addWireguard(this.namespace, wireguard));
    const port = String(this.wireguardPort(domain));
    await this.run('wg', 'set', wireguard, 'private-key', `/run/${wireguard}.key`, 'listen-port', port);
    const addresses = this.#findAddresses(domain).map((address) => `address add ${address} dev ${wireguard} nodad`);
    await ipBatch(this.namespace, ...addresses, `link set ${wireguard} up`, ...this.#describeVxlan(domain));
  }

  /** Of its WireGuard interface; in a domain with leases the first of each pool. */
  #findAddresses(domain: string): string[] {
    const pool = this.#findPool(domain);
    return pool?.map((network) => network.replace(/(\.|::)0?\//, '$11/')) ?? [`${GATEWAY_LINK_ADDRESS}/64`];
  }

  #findPool(domain: string): readonly string[] | undefined {
    return this.#domains.find(({ name }) => name === domain)?.settings?.['pool'] as readonly string[] | undefined;
  }

  async addVxlan(domain = this.#firstDomain): Promise<void> {
    await ipBatch(this.namespace, ...this.#describeVxlan(domain));
  }

  #describeVxlan(domain: string): string[] {
    if (this.#findPool(domain) !== undefined) return [];
    const vxlan = this.vxlan(domain);
    const added = describeVxlan(vxlan, this.wireguard(domain), GATEWAY_LINK_ADDRESS);
    return [...added, `address add fd42::1/64 dev ${vxlan} nodad`];
  }

  /** Deletes both interfaces of a domain, as `wg-quick down` does: the VXLAN goes with the interface below it. */
  async removeInterfaces(domain = this.#firstDomain): Promise<void> {
    const process = this.#wireguards.get(domain);
    if (process === undefined) await this.run('ip', 'link', 'delete', this.wireguard(domain));
    else await process.stop();
    await eventually(
      'the interfaces are gone',
      async () => !(await this.run('ip', '-o', 'link')).includes(`${this.#number}${this.#suffix}${domain}`),
    );
  }

  /** Writes the configuration: the contract's defaults, except `settings` and delays that a test must not wait for. */
  async configure(settings: Settings = {}, domainSettings: Settings = {}): Promise<void> {
    const handler = [...(IS_ROOT_ALONE ? [] : ['sudo', '-n']), HANDLER];
    const directories = {
      state_directory: `/var/lib/wgkex/${this.namespace}`,
      runtime_directory: `/run/wgkex/${this.namespace}`,
    };
    const domains = this.#domains.map(({ name, settings: own }) => [
      name,
      {
        wireguard: this.wireguard(name),
        ...(this.#findPool(name) === undefined && { vxlan: this.vxlan(name) }),
        ...own,
        ...domainSettings,
      },
    ]);
    const config = { handler, ...directories, domains: Object.fromEntries(domains), ...settings };
    await writeFile(this.configFile, stringify(config));
  }

  /** Starts the listener as user wgkex, with the handler behind sudo, as wgkex.service does. */
  async start(isReady = '"handler is ready"'): Promise<Background> {
    const program = [...AS_WGKEX, '/usr/lib/wgkex/wgkex-listen'];
    const listener = startIn(this.namespace, ...program);
    this.listener = listener;
    await eventually(`it logs ${isReady}`, () => listener.stderr.includes(isReady) || listener.hasEnded);
    if (listener.hasEnded) throw new Error(`The listener ended: ${listener.stderr}`);
    return listener;
  }

  /** Writes another configuration and makes the listener and a new handler read it. */
  async reload(settings: Settings = {}, domainSettings: Settings = {}): Promise<void> {
    await this.configure(settings, domainSettings);
    const listener = this.#running;
    const printed = listener.stderr.length;
    listener.child.kill('SIGHUP');
    await eventually('the new handler serves', () => listener.stderr.slice(printed).includes('"handler is ready"'));
  }

  get #running(): Background {
    if (this.listener === undefined) throw new Error('The listener was not started');
    return this.listener;
  }

  run(program: string, ...args: string[]): Promise<string> {
    return shIn(this.namespace, program, ...args);
  }

  /**
   * The process ids of the handlers that run here, without a sudo that might be in front of them, and without
   * children of a handler that do not run their own program yet.
   */
  async findHandlers(): Promise<number[]> {
    const pids = (await sh('ip', 'netns', 'pids', this.namespace)).split('\n').map(Number);
    const readAll = (file: string) =>
      Promise.all(pids.map((pid) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')));
    const [lines, statuses] = [await readAll('cmdline'), await readAll('status')];
    const alike = pids.filter(
      (_, index) => lines[index]?.startsWith('/usr/bin/node\0') && lines[index].endsWith(`${HANDLER}\0`),
    );
    const parents = pids.map((_, index) => Number(statuses[index]?.match(/^PPid:\t(\d+)$/m)?.[1]));
    return alike.filter((pid) => !alike.includes(parents[pids.indexOf(pid)] ?? 0));
  }

  /** The lock of a domain. */
  lockFile(domain = this.#firstDomain): string {
    return `/run/wgkex/${this.namespace}/${domain}.lock`;
  }

  /** Resolves when nobody has the lock: after that a handler reads everything again. */
  async unlocked(): Promise<void> {
    await sh('install', '-d', dirname(this.lockFile()));
    await sh('flock', this.lockFile(), 'true');
  }

  /** Runs the installed handler with `input` until it ends. */
  handle(input: string, env: readonly string[] = []) {
    return attempt(this.namespace, 'env', [...env, HANDLER], input);
  }

  /** {@link Gateway.handle} by a handler that believes that it is another time, see `pretendTime`. */
  handleAt(unixSeconds: number, input: string) {
    return attempt(this.namespace, NODE, [pretendTime(unixSeconds), HANDLER], input);
  }

  /** Runs one pass of the installed cleanup. */
  cleanUp(...args: string[]) {
    return attempt(this.namespace, CLEANUP, args.length === 0 ? [this.#firstDomain] : args);
  }

  /** A pass that believes that it is another time, see `pretendTime`. */
  cleanUpAt(unixSeconds: number) {
    return attempt(this.namespace, NODE, [pretendTime(unixSeconds), CLEANUP, this.#firstDomain]);
  }

  async peers(domain = this.#firstDomain): Promise<readonly Peer[]> {
    return parseDump(await this.run('wg', 'show', this.wireguard(domain), 'dump')).peers;
  }

  async findPeer(key: string, domain = this.#firstDomain): Promise<Peer | undefined> {
    return (await this.peers(domain)).find((peer) => peer.key === key);
  }

  /** A peer without its traffic: the part that stays the same while its session does. */
  async findSession(key: string, domain = this.#firstDomain): Promise<Omit<Peer, 'received' | 'sent'> | undefined> {
    const peer = await this.findPeer(key, domain);
    if (peer === undefined) return undefined;
    const { received: _, sent: __, ...session } = peer;
    return session;
  }

  /**
   * Throws unless a peer continues as before: from the same endpoint, and with its byte counts, which a reset would
   * restart. WireGuard itself may have had another handshake since: two can cross within the first seconds.
   */
  async requireUninterrupted(before: Peer | undefined, domain = this.#firstDomain): Promise<void> {
    assert.ok(before !== undefined && before.received > 0 && before.lastHandshake !== 'never');
    const now = await this.findPeer(before.key, domain);
    assert.deepEqual([now?.endpoint, now?.allowedIps], [before.endpoint, before.allowedIps]);
    assert.ok(now !== undefined && now.received >= before.received && now.sent >= before.sent, JSON.stringify(now));
    assert.ok(now.lastHandshake !== 'never' && now.lastHandshake >= before.lastHandshake, JSON.stringify(now));
  }

  async publicKey(domain = this.#firstDomain): Promise<string> {
    return this.run('wg', 'show', this.wireguard(domain), 'public-key');
  }

  async entries(domain = this.#firstDomain): Promise<ForwardingEntry[]> {
    return parseForwardingEntries(await this.run('bridge', '-json', 'fdb', 'show', 'dev', this.vxlan(domain)));
  }

  /** Everything that wgkex may change, as text: equal texts mean that nothing was changed. */
  async snapshot(): Promise<string> {
    const domains = this.#domains.map(async ({ name }) => {
      const peers = (await this.peers(name)).map(({ key, allowedIps }) => `${key} ${allowedIps}`).sort();
      const entries = (await this.entries(name)).map((entry) => JSON.stringify(entry)).sort();
      return [name, ...peers, ...entries].join('\n');
    });
    return (await Promise.all(domains)).join('\n') + (await this.run('ip', '-6', 'route'));
  }

  /** Registers an action to run before the gateway is removed. */
  onClose(action: () => Promise<void>): void {
    this.#closing.push(action);
  }

  async close(): Promise<void> {
    for (const action of this.#closing) await action();
    await this.listener?.stop();
    for (const process of this.#wireguards.values()) await process?.stop();
    // A program that a failed test left running would keep the test file from ending.
    for (const pid of (await sh('ip', 'netns', 'pids', this.namespace)).split('\n').filter((word) => word !== ''))
      await attempt(this.namespace, 'kill', ['-KILL', pid]);
    // wireguard-go takes its interface along a moment after it ended.
    await pause(50);
    await this.segment.close();
    await rm(`/etc/netns/${this.namespace}`, { recursive: true });
    for (const directory of ['/var/lib/wgkex', '/run/wgkex'])
      await rm(`${directory}/${this.namespace}`, { recursive: true, force: true });
  }

  get #directory(): string {
    return `/etc/netns/${this.namespace}/wgkex`;
  }

  get #firstDomain(): string {
    return this.#domains[0]?.name ?? '';
  }
}
