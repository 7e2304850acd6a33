import { lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { parseDump } from '../../src/core/kernel/wg-dump.ts';
import { formatCredentials } from '../../src/core/leases/credentials.ts';
import type { Peer } from '../../src/core/values/peer.ts';
import { attempt, type Background, eventually, type Outcome, sh, shIn, startIn } from '../commands.ts';
import type { Ticket } from '../leases.ts';
import type { Segment } from '../network.ts';
import { type Entry, readEntries } from './entries.ts';
import { addWayOut } from './internet.ts';
import { SleepClock } from './sleep-clock.ts';
import { listChanges, readSnapshot } from './snapshot.ts';

/** What a member calls the tunnel; each machine has its own. */
export const NAME = 'members';
export const DEVICE = 'wg-members';
export const JOIN = '/usr/bin/wgkex-join';
export const TUNNEL = '/usr/lib/wgkex-client/wgkex-tunnel';
const USER = 'wgkex-client';
const AS_CLIENT = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--init-groups'];
const PING_SECONDS = 1;

/** Each of these is the machine's own, although all machines of a lab share their files. */
const OWN = ['var/lib/wgkex-client', 'run/wgkex-client', 'run/wireguard', 'run/resolvconf'];
/** Shows a machine its own files, and its own clock if it has one, then runs the command. */
const ENTER = `for part in ${OWN.join(' ')}; do mount --bind "$0/$part" "/$part" || exit 1; done
[ ! -e "$0/uptime" ] || mount --bind "$0/uptime" /proc/uptime || exit 1
exec "$@"`;

let prepared: Promise<void> | undefined;

/** A member's machine: a namespace with the installed client, whose files nobody else has. */
export class Machine {
  readonly namespace: string;
  readonly segment: Segment;
  readonly address: string;
  /** Every run of wgkex-join, the latest at the end. */
  readonly #runs: Background[] = [];
  readonly #others: Background[] = [];
  #clock: SleepClock | undefined;

  private constructor(namespace: string, segment: Segment, address: string) {
    this.namespace = namespace;
    this.segment = segment;
    this.address = address;
  }

  /** Makes one on a segment that stands for its network at home; `number` is 1 to 254. */
  static async create(segment: Segment, number = 1): Promise<Machine> {
    prepared ??= prepare();
    await prepared;
    const namespace = `${segment.bridge}home${number}`;
    const machine = new Machine(namespace, segment, segment.ipv4(`2.${number}`));
    await segment.join(namespace, `2.${number}`, `20${number}::1`);
    await addWayOut(segment, namespace);
    for (const part of OWN) await mkdir(`${machine.#root}/${part}`, { recursive: true });
    for (const part of ['wgkex-client', 'wgkex']) await mkdir(`${machine.#etc}/${part}`, { recursive: true });
    await machine.setResolvers([]);
    return machine;
  }

  /** Sets the tunnel up as its owner would, but does not start it: there is no systemd in a lab. */
  async setUp(ticket: Ticket, gateways: readonly string[], ...options: string[]): Promise<void> {
    const file = `${this.#root}/token`;
    await writeFile(file, formatCredentials(ticket.id, ticket.token), { mode: 0o600 });
    const words = ['--gateway', gateways.join(','), '--domain', ticket.domain, '--token-file', file, '--no-start'];
    const { exitCode, stderr, stdout } = await this.attempt(JOIN, [NAME, ...words, ...options]);
    if (exitCode !== 0) throw new Error(`It was not set up: ${stderr} ${stdout}`);
    await rm(file);
  }

  /** Starts wgkex-join as its unit does; these words go in front of it, or options for Node. */
  async start({
    before = [],
    node = [],
  }: {
    before?: readonly string[];
    node?: readonly string[];
  } = {}): Promise<void> {
    await this.run('install', '-d', '-o', USER, '-g', USER, `/run/wgkex-client/${NAME}`);
    const program = node.length === 0 ? [JOIN] : ['/usr/bin/node', ...node, JOIN];
    this.#runs.push(this.#startIn(...AS_CLIENT, ...before, ...program, 'run', NAME));
  }

  /** The latest run of wgkex-join. */
  get join(): Background {
    const latest = this.#runs.at(-1);
    if (latest === undefined) throw new Error('wgkex-join was not started');
    return latest;
  }

  /** Ends wgkex-join as systemd does, and waits for it. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    return this.join.stop(signal);
  }

  /** What the latest run logged. */
  get log(): Entry[] {
    return readEntries(this.join.stderr);
  }

  find(event: string, fields: Readonly<Record<string, unknown>> = {}): Entry[] {
    const wanted = Object.entries(fields);
    return this.log.filter((entry) => entry.msg === event && wanted.every(([name, value]) => entry[name] === value));
  }

  /** Resolves with the first such line of the latest run. */
  async logs(event: string, fields: Readonly<Record<string, unknown>> = {}, seconds?: number): Promise<Entry> {
    const found = () => this.find(event, fields).length > 0 || this.join.hasEnded;
    await eventually(`it logs ${event}`, found, seconds).catch((error) => {
      throw new Error(`${error.message} ${JSON.stringify(fields)}; it logged: ${this.join.stderr}`);
    });
    const [entry] = this.find(event, fields);
    if (entry === undefined) throw new Error(`wgkex-join ended: ${this.join.stderr}`);
    return entry;
  }

  run(program: string, ...args: string[]): Promise<string> {
    return shIn(this.namespace, 'sh', ...this.#enter(program, ...args));
  }

  attempt(program: string, args: readonly string[], input = ''): Promise<Outcome> {
    return attempt(this.namespace, 'sh', this.#enter(program, ...args), input);
  }

  /** Starts a program that ends with the machine. */
  startProgram(...words: string[]): Background {
    const program = this.#startIn(...words);
    this.#others.push(program);
    return program;
  }

  /** The same as the user of wgkex-join, such as one who has taken it over. */
  startAsClient(...words: string[]): Background {
    return this.startProgram(...AS_CLIENT, ...words);
  }

  attemptAsClient(program: string, args: readonly string[], input = ''): Promise<Outcome> {
    const [first = '', ...others] = AS_CLIENT;
    return this.attempt(first, [...others, program, ...args], input);
  }

  /** Whether an address answers one ping. */
  ping(address: string): Promise<boolean> {
    return this.run('ping', '-n', '-c', '1', '-W', String(PING_SECONDS), address).then(
      () => true,
      () => false,
    );
  }

  async reaches(address: string, seconds?: number): Promise<void> {
    await eventually(`${this.namespace} reaches ${address}`, () => this.ping(address), seconds).catch((error) => {
      throw new Error(`${error.message}; it logged: ${this.#runs.at(-1)?.stderr}`);
    });
  }

  /** The gateway as the tunnel has it; undefined without a tunnel. */
  async findPeer(): Promise<Peer | undefined> {
    const { exitCode, stdout } = await this.attempt('wg', ['show', DEVICE, 'dump']);
    return exitCode === 0 ? parseDump(stdout).peers[0] : undefined;
  }

  /** All that a client may change in the network, as lines. */
  snapshot(): Promise<string[]> {
    return readSnapshot((program, ...args) => this.run(program, ...args));
  }

  /** What has changed since a snapshot: nothing on a machine that was left alone. */
  async findChanges(before: readonly string[]): Promise<string[]> {
    return listChanges(before, await this.snapshot());
  }

  /** Its name servers; without any no name is found. */
  async setResolvers(addresses: readonly string[]): Promise<void> {
    await writeFile(`${this.#etc}/resolv.conf`, addresses.map((address) => `nameserver ${address}\n`).join(''));
  }

  /** Gives it a clock of its own, which runs through sleep; programs that start from now on see it. */
  async openClock(): Promise<void> {
    this.#clock = await SleepClock.open(`${this.#root}/uptime`);
  }

  /** As if it had slept for so long, and were awake again. */
  sleep(seconds: number): void {
    if (this.#clock === undefined) throw new Error('It has no clock of its own');
    this.#clock.skip(seconds);
  }

  /** A file of the machine's own as the test sees it. */
  file(path: string): string {
    return path.startsWith('/etc/') ? `/etc/netns/${this.namespace}${path.slice(4)}` : `${this.#root}${path}`;
  }

  async close(): Promise<void> {
    await this.#clock?.close();
    for (const program of [...this.#others, ...this.#runs]) await program.stop('SIGKILL');
    for (const pid of (await sh('ip', 'netns', 'pids', this.namespace)).split('\n').filter((word) => word !== ''))
      await attempt(this.namespace, 'kill', ['-KILL', pid]);
    await rm(this.#root, { recursive: true });
    await rm(this.#etc, { recursive: true });
  }

  #startIn(...words: string[]): Background {
    return startIn(this.namespace, 'sh', ...this.#enter(...words));
  }

  #enter(...words: string[]): string[] {
    return ['-c', ENTER, this.#root, ...words];
  }

  get #root(): string {
    return `/run/machines/${this.namespace}`;
  }

  get #etc(): string {
    return `/etc/netns/${this.namespace}`;
  }
}

/** Makes what each machine has its own of: only over a directory or a file can another one be laid. */
async function prepare(): Promise<void> {
  for (const part of [...OWN, 'etc/wgkex-client', 'etc/wgkex']) await mkdir(`/${part}`, { recursive: true });
  // Other test files may have laid theirs over it already.
  if (
    await lstat('/etc/resolv.conf').then(
      (file) => file.isFile(),
      () => false,
    )
  )
    return;
  await rm('/etc/resolv.conf', { force: true });
  await writeFile('/etc/resolv.conf', '');
}
