import { writeFile } from 'node:fs/promises';
import { sh } from '../test/lab/commands.ts';
import { Gateway } from '../test/lab/gateway.ts';
import { KernelState } from './kernel.ts';
import { DISALLOWED_KEY, KEY_OF_GATEWAYS_ADDRESS, KEY_OF_OPERATORS_ADDRESS, makeKey, OPERATORS_KEY } from './keys.ts';
import { DomainModel, type DomainSettings, type Standing } from './model/admission.ts';
import { deriveAddress } from './model/key.ts';

/** The domains of a fuzzed gateway: every derivation, every kind of entry, a route, and one that is soon full. */
const DOMAINS: readonly DomainSettings[] = [
  { name: 'ffww01', variant: 'eui64', kinds: ['flood', 'unicast'], route: false, maxPending: 100_000 },
  { name: 'ffmuc', variant: 'ffmuc', kinds: ['flood'], route: false, maxPending: 100_000 },
  { name: 'gluon', variant: 'gluon', kinds: ['unicast'], route: true, maxPending: 100_000 },
  { name: 'small', variant: 'eui64', kinds: ['flood'], route: false, maxPending: 3 },
];

/** A gateway, what was there before the fuzzer came, and a model of what may come to be. */
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

  /** `number` tells the gateways of one lab apart. */
  static async create(number: number, { hasSmallDomain }: { hasSmallDomain: boolean }): Promise<Scene> {
    const domains = DOMAINS.filter(({ name }) => hasSmallDomain || name !== 'small');
    const gateway = await Gateway.create(number, domains.map(describeDomain));
    const ownKeys = await Promise.all(domains.map((domain) => furnish(gateway, domain)));
    await writeFile(disallowedFile(gateway), `${DISALLOWED_KEY}\n`);
    return new Scene(gateway, domains, await KernelState.read(gateway, domains), ownKeys);
  }

  /** Lifts what counts per source and per time; `settings` are the target's own. */
  configure(settings: Record<string, unknown> = {}): Promise<void> {
    const limits = { connections: 10_000, exempt: ['0.0.0.0/0', '::/0'], ...settings };
    return this.gateway.configure({ limits, disallowed_keys: disallowedFile(this.gateway) });
  }

  /** The domains as they are without any peer of wgkex's. */
  createModels(): Map<string, DomainModel> {
    const models = this.domains.map((domain, index) => {
      return [domain.name, new DomainModel(domain, describeStanding(domain, this.ownKeys[index] ?? ''))] as const;
    });
    return new Map(models);
  }
}

function describeDomain({ name, variant, kinds, route, maxPending }: DomainSettings) {
  return { name, settings: { address: variant, fdb: kinds, route, max_peers: 100_000, max_pending: maxPending } };
}

function disallowedFile({ namespace }: Gateway): string {
  return `/run/${namespace}.disallowed`;
}

/** Gives the domain's interface its own key, an address that a key derives, and a peer with another one of those. */
async function furnish(gateway: Gateway, { name, variant }: DomainSettings): Promise<string> {
  const device = gateway.wireguard(name);
  const file = `/run/${device}.key`;
  await writeFile(file, makeKey(`private key of ${name}`), { mode: 0o600 });
  const networks = `${deriveAddress(KEY_OF_OPERATORS_ADDRESS, variant).address}/128,192.0.2.0/24`;
  await gateway.run('wg', 'set', device, 'private-key', file, 'peer', OPERATORS_KEY, 'allowed-ips', networks);
  const { address } = deriveAddress(KEY_OF_GATEWAYS_ADDRESS, variant);
  await gateway.run('ip', 'address', 'add', `${address}/64`, 'dev', device, 'nodad');
  return sh('wg', 'show', device, 'public-key');
}

function describeStanding({ variant }: DomainSettings, ownKey: string): Standing {
  const takers = [KEY_OF_GATEWAYS_ADDRESS, KEY_OF_OPERATORS_ADDRESS];
  return {
    prohibited: new Set([DISALLOWED_KEY, OPERATORS_KEY, ownKey]),
    taken: new Set(takers.map((key) => deriveAddress(key, variant).address)),
  };
}
