import { rm, writeFile } from 'node:fs/promises';
import { sh } from '../lab/commands.ts';
import { Gateway } from '../lab/gateway.ts';
import { type DomainSettings, KernelState } from './kernel.ts';
import {
  COLLIDING_KEYS,
  DISALLOWED_KEY,
  KEY_OF_GATEWAYS_ADDRESS,
  KEY_OF_OPERATORS_ADDRESS,
  makeKey,
  OPERATORS_KEYS,
  ROUTERS_KEYS,
  STATIC_KEY,
} from './keys.ts';
import { DomainModel } from './model/domain.ts';
import { deriveAddress } from './model/key.ts';
import type { KernelPeer } from './model/ownership.ts';

const MANY = 100_000;
/** All keys except some. */
const ALLOWED = [...ROUTERS_KEYS.slice(8), ...COLLIDING_KEYS, ...OPERATORS_KEYS];

/** Domains of a fuzzed gateway: every derivation, every kind of entry, names, a route, a list, and a small domain. */
const DOMAINS: readonly DomainSettings[] = [
  {
    name: 'ffww01',
    names: ['westerwald', 'ww'],
    variant: 'eui64',
    kinds: ['flood', 'unicast'],
    route: false,
    maxPeers: MANY,
  },
  { name: 'ffmuc', names: [], variant: 'ffmuc', kinds: ['flood'], route: false, maxPeers: MANY },
  { name: 'gluon', names: ['g'], variant: 'gluon', kinds: ['unicast'], route: true, maxPeers: MANY, allowed: ALLOWED },
  { name: 'small', names: [], variant: 'eui64', kinds: ['flood'], route: false, maxPeers: 3 },
];

/** A gateway, its state before the fuzzer starts, and a model of its permitted states. */
export class Scene {
  readonly gateway: Gateway;
  readonly domains: readonly DomainSettings[];
  readonly kernel: KernelState;
  /** The public keys of the gateway's own interfaces. */
  readonly ownKeys: readonly string[];

  private constructor(gateway: Gateway, domains: readonly DomainSettings[], kernel: KernelState, own: string[]) {
    this.gateway = gateway;
    this.domains = domains;
    this.kernel = kernel;
    this.ownKeys = own;
  }

  /** `number` distinguishes the gateways of one lab. */
  static async create(number: number, { hasSmallDomain }: { hasSmallDomain: boolean }): Promise<Scene> {
    const domains = DOMAINS.filter(({ name }) => hasSmallDomain || name !== 'small');
    const gateway = await Gateway.create(
      number,
      domains.map((domain) => describeDomain(domain, `gw${number}`)),
    );
    const ownKeys = await Promise.all(domains.map((domain) => furnish(gateway, domain)));
    await writeFile(listFile(gateway, 'disallowed'), `${DISALLOWED_KEY}\n`);
    await writeFile(listFile(gateway, 'static'), `# not there yet\n${STATIC_KEY} # gw2\n`);
    await writeFile(listFile(gateway, 'allowed'), ALLOWED.map((key) => `${key}\n`).join(''));
    return new Scene(gateway, domains, await KernelState.read(gateway, domains), ownKeys);
  }

  /** Lifts the limits per source and per time; `settings` are the target's own. */
  configure(settings: Record<string, unknown> = {}): Promise<void> {
    const limits = { connections: 10_000, exempt: ['0.0.0.0/0', '::/0'], ...settings };
    const [disallowed_keys, static_keys] = [listFile(this.gateway, 'disallowed'), listFile(this.gateway, 'static')];
    return this.gateway.configure({ limits, disallowed_keys, static_keys });
  }

  /** From each other name of a domain to its own name. */
  get aliases(): Map<string, string> {
    return new Map(this.domains.flatMap(({ name, names }) => names.map((other) => [other, name] as const)));
  }

  /** To be called once the peers are gone, so that a run does not affect the next one. */
  async forget(): Promise<void> {
    for (const { name } of this.domains) await rm(this.gateway.recordFile(name), { force: true });
  }

  /** The domains without any of wgkex's peers. */
  createModels(): Map<string, DomainModel> {
    return new Map(this.domains.map((domain, index) => [domain.name, createModel(domain, this.ownKeys[index] ?? '')]));
  }
}

function describeDomain({ name, names, variant, kinds, route, maxPeers, allowed }: DomainSettings, namespace: string) {
  const lists = allowed === undefined ? {} : { allowed_keys: listFile({ namespace }, 'allowed') };
  const limits = { max_peers: maxPeers, max_pending: MANY };
  return { name, settings: { address: variant, fdb: kinds, route, names, ...limits, ...lists } };
}

function listFile({ namespace }: Pick<Gateway, 'namespace'>, list: string): string {
  return `/run/${namespace}.${list}`;
}

/** The operator's peers of a domain: one of each kind, and one that has the address of a key. */
function listPeers({ variant }: DomainSettings): ReadonlyMap<string, KernelPeer> {
  const address = (key: string) => `${deriveAddress(key, variant).address}/128`;
  const base = { handshake: 0, endpoint: undefined, hasPresharedKey: false, hasKeepalive: false };
  const [networks = '', exact = '', secret = '', keepalive = ''] = OPERATORS_KEYS;
  return new Map<string, KernelPeer>([
    [networks, { ...base, networks: [address(KEY_OF_OPERATORS_ADDRESS), '192.0.2.0/24'] }],
    [exact, { ...base, networks: [address(exact)] }],
    [secret, { ...base, networks: [address(secret)], hasPresharedKey: true }],
    [keepalive, { ...base, networks: [address(keepalive)], hasKeepalive: true }],
  ]);
}

/** Gives the domain's interface its own key, an address that a key derives, and the operator's peers. */
async function furnish(gateway: Gateway, domain: DomainSettings): Promise<string> {
  const { name, variant } = domain;
  const device = gateway.wireguard(name);
  const file = `/run/${device}.key`;
  await writeFile(file, makeKey(`private key of ${name}`), { mode: 0o600 });
  await gateway.run('wg', 'set', device, 'private-key', file);
  for (const [key, { networks, hasPresharedKey, hasKeepalive }] of listPeers(domain)) {
    const more = [
      ...(hasPresharedKey ? ['preshared-key', file] : []),
      ...(hasKeepalive ? ['persistent-keepalive', '25'] : []),
    ];
    await gateway.run('wg', 'set', device, 'peer', key, ...more, 'allowed-ips', networks.join(','));
  }
  const { address } = deriveAddress(KEY_OF_GATEWAYS_ADDRESS, variant);
  await gateway.run('ip', 'address', 'add', `${address}/64`, 'dev', device, 'nodad');
  return sh('wg', 'show', device, 'public-key');
}

function createModel(domain: DomainSettings, ownKey: string): DomainModel {
  const { variant, maxPeers, allowed } = domain;
  const ownAddress = deriveAddress(KEY_OF_GATEWAYS_ADDRESS, variant).address;
  const limits = { maxPeers, maxPending: MANY, staleAfterSeconds: 3600 };
  const model = new DomainModel({ variant, ...limits, ownKey, ownAddress }, { unix: 0, monotonic: 0 });
  for (const [key, peer] of listPeers(domain)) model.peers.set(key, peer);
  model.disallowed.add(DISALLOWED_KEY);
  model.statics.add(STATIC_KEY);
  model.allowed = allowed && new Set(allowed);
  return model;
}
