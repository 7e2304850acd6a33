import assert from 'node:assert/strict';
import type { Gateway } from '../lab/gateway.ts';
import { deriveAddress, type Variant } from './model/key.ts';

/** A domain of a fuzzed gateway. */
export interface DomainSettings {
  readonly name: string;
  /** Its other names. */
  readonly names: readonly string[];
  readonly variant: Variant;
  readonly kinds: readonly ('flood' | 'unicast')[];
  readonly route: boolean;
  readonly maxPeers: number;
  /** Undefined if every key is allowed. */
  readonly allowed?: readonly string[];
}

/** A domain in the kernel, as lines: `peer KEY NETWORKS SECRET KEEPALIVE`, `entry MAC ADDRESS VIA`, `route NETWORK`. */
type Things = ReadonlySet<string>;

/** Returns the keys that must be new peers of a domain. Gets the actual ones, and throws if it cannot explain them. */
type Expect = (domain: string, newPeers: readonly string[]) => Iterable<string>;

const FLOOD_MAC = '00:00:00:00:00:00';
const SHOWN_THINGS = 4;

/** Everything that wgkex may change on a gateway, compared with the initial state. */
export class KernelState {
  readonly #gateway: Gateway;
  readonly #domains: readonly DomainSettings[];
  readonly #original: readonly Things[];

  private constructor(gateway: Gateway, domains: readonly DomainSettings[], original: readonly Things[]) {
    this.#gateway = gateway;
    this.#domains = domains;
    this.#original = original;
  }

  static async read(gateway: Gateway, domains: readonly DomainSettings[]): Promise<KernelState> {
    const original = await Promise.all(domains.map(({ name }) => readThings(gateway, name)));
    return new KernelState(gateway, domains, original);
  }

  /** Rejects unless the new peers are as expected and everything else new belongs to them; then removes all of it. */
  async settle(expect: Expect): Promise<void> {
    await Promise.all(this.#domains.map((domain, index) => this.#settleDomain(domain, index, expect)));
  }

  async #settleDomain(domain: DomainSettings, index: number, expect: Expect): Promise<void> {
    const original = this.#original[index] ?? new Set();
    const present = await readThings(this.#gateway, domain.name);
    const added = [...present].filter((thing) => !original.has(thing));
    try {
      const newPeers = added.filter((thing) => thing.startsWith('peer ')).map((thing) => thing.split(' ')[1] ?? '');
      const via = this.#gateway.wireguard(domain.name);
      const needed = [...expect(domain.name, newPeers)].flatMap((key) => buildThings(key, domain, via));
      requireSame(present, new Set([...original, ...needed]), domain.name);
    } finally {
      await this.#remove(domain.name, added);
    }
  }

  async #remove(domain: string, things: readonly string[]): Promise<void> {
    const [wireguard, vxlan] = [this.#gateway.wireguard(domain), this.#gateway.vxlan(domain)];
    const words = things.map((thing) => thing.split(' '));
    const peers = words.filter(([kind]) => kind === 'peer').flatMap(([, key = '']) => ['peer', key, 'remove']);
    if (peers.length > 0) await this.#gateway.run('wg', 'set', wireguard, ...peers);
    const lines = words.flatMap(([kind, mac, address, via]) =>
      kind === 'entry' ? [`fdb del ${mac} dev ${vxlan} dst ${address} via ${via}`] : [],
    );
    await this.#runBatch('bridge -batch -', lines);
    const routes = words.flatMap(([kind, network]) =>
      kind === 'route' ? [`route del ${network} dev ${wireguard}`] : [],
    );
    await this.#runBatch('ip -6 -batch -', routes);
  }

  async #runBatch(program: string, lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.#gateway.run('sh', '-c', `printf '%s\\n' "$@" | ${program}`, 'sh', ...lines);
  }
}

function requireSame(present: Things, expected: Things, domain: string): void {
  const surplus = [...present].filter((thing) => !expected.has(thing));
  const missing = [...expected].filter((thing) => !present.has(thing));
  assert.ok(surplus.length + missing.length === 0, `domain ${domain}: ${describe(surplus, missing)}`);
}

function describe(surplus: readonly string[], missing: readonly string[]): string {
  const show = (things: readonly string[]) => things.slice(0, SHOWN_THINGS).join(', ') || 'nothing';
  return `unexpected: ${show(surplus)} (${surplus.length} in all); missing: ${show(missing)} (${missing.length} in all)`;
}

/** Reads without wgkex's own code. */
async function readThings(gateway: Gateway, domain: string): Promise<Things> {
  const [wireguard, vxlan] = [gateway.wireguard(domain), gateway.vxlan(domain)];
  const [peers, entries, routes] = await Promise.all([
    gateway.run('wg', 'show', wireguard, 'dump'),
    gateway.run('bridge', '-json', 'fdb', 'show', 'dev', vxlan),
    gateway.run('ip', '-6', '-json', 'route', 'show', 'dev', wireguard),
  ]);
  const [, ...peerRows] = peers.split('\n').filter((line) => line !== '');
  const entryRows = JSON.parse(entries) as Record<string, string>[];
  const routeRows = JSON.parse(routes) as Record<string, string>[];
  return new Set([
    ...peerRows.map(describePeer),
    ...entryRows.map((row) => `entry ${row['mac']} ${row['dst']} ${row['viaIf']}`),
    ...routeRows.map((row) => `route ${row['dst']}`),
  ]);
}

/** Leaves out endpoint, handshake and traffic. */
function describePeer(row: string): string {
  const [key, secret, , networks, , , , keepalive] = row.split('\t');
  return `peer ${key} ${networks} ${secret} ${keepalive}`;
}

/** The lines that a peer with this key adds to the kernel state. */
function buildThings(key: string, { variant, kinds, route }: DomainSettings, via: string): string[] {
  const { mac, address } = deriveAddress(key, variant);
  return [
    `peer ${key} ${address}/128 (none) off`,
    ...kinds.map((kind) => `entry ${kind === 'flood' ? FLOOD_MAC : mac} ${address} ${via}`),
    ...(route ? [`route ${address}`] : []),
  ];
}
