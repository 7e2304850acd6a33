import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parseInstanceName, type Traffic } from '../src/core/client/instance.ts';
import type { Surroundings } from '../src/core/client/route-rules.ts';
import type { Tunnel } from '../src/core/client/tunnel-plan.ts';
import type { TunnelSettings } from '../src/core/leases/tunnel-config.ts';
import { parseIpAddress } from '../src/core/values/ip-address.ts';
import { parsePublicKey } from '../src/core/values/public-key.ts';
import type { TunnelReading } from '../src/system/client/tunnel.ts';
import { attempt, type Background, eventually, ipBatch, type Outcome, sh, shIn } from './commands.ts';
import { addWireguard, Segment } from './network.ts';

const CHILD = '/run/tunnel-child.cjs';
const USER = 'wgkex-client';
const RESOLVECTL = '/usr/bin/resolvectl';
/** In the lab nobody asks systemd-resolved, which needs a bus: what it would be told is noted. */
const NOTING = '#!/bin/sh\necho "$*" >>/etc/wgkex/resolvectl\n';
let prepared: Promise<void> | undefined;
const PORT = 51_820;
/** Addresses of everybody’s internet, which the world has outside the tunnel, and each gateway has inside. */
export const FAR = { IPv4: '198.51.100.1', IPv6: '2001:db8:9::1' } as const;
/** Each gateway’s own inside the tunnel. */
export const INSIDE = { IPv4: '10.66.0.1', IPv6: 'fd66::1' } as const;
export const ADDRESSES = { address4: parseIpAddress('10.66.0.5'), address6: parseIpAddress('fd66::5') } as const;
const GATEWAYS = 2;

interface End {
  readonly namespace: string;
  readonly key: string;
}

/** A member’s machine, two gateways, and the world, on one segment; what leaves the member’s machine is watched. */
export class TunnelScene {
  readonly segment: Segment;
  readonly name: string;
  readonly #number: number;
  readonly #privateKey: string;
  readonly #gateways: End[] = [];
  readonly #running: Background[] = [];

  private constructor(number: number, segment: Segment, privateKey: string) {
    this.#number = number;
    this.segment = segment;
    this.#privateKey = privateKey;
    this.name = `t${number}`;
  }

  /** `number` tells the scenes of one lab apart: 1 to 254. */
  static async create(number: number): Promise<TunnelScene> {
    prepared ??= prepareLab();
    await prepared;
    const segment = await Segment.create(number);
    const scene = new TunnelScene(number, segment, await sh('wg', 'genkey'));
    await segment.join(scene.namespace, '1.1', '1::1');
    const etc = `/etc/netns/${scene.namespace}`;
    for (const part of ['wgkex', 'resolvconf']) await mkdir(`${etc}/${part}`, { recursive: true });
    // Debian's resolvconf, which does not do, is there, whatever other tests of the lab install.
    await writeFile(`${etc}/resolvconf/interface-order`, '');
    await scene.useResolver('127.0.0.53');
    await ipBatch(undefined, ...Object.values(FAR).map((address) => `address replace ${address} dev lo`));
    const ways = [segment.ipv4('0.2'), segment.ipv6('0::2')];
    await ipBatch(scene.namespace, ...ways.map((way) => `route add default via ${way}`));
    for (let gateway = 1; gateway <= GATEWAYS; gateway++) await scene.#addGateway(gateway);
    await scene.#watch();
    const isSettled = async () => (await scene.run('ip', '-6', 'address', 'show', 'tentative')) === '';
    await eventually('the member’s addresses are its own', isSettled);
    return scene;
  }

  get namespace(): string {
    return `tun${this.#number}`;
  }

  get device(): string {
    return `wg-${this.name}`;
  }

  /** The tunnel to a gateway. */
  tunnel(traffic: Traffic, settings: Partial<TunnelSettings> = {}, gateway = 1): Tunnel {
    const everything = traffic === 'routes' ? ['10.66.0.0/24', 'fd66::/112'] : ['0.0.0.0/0', '::/0'];
    return {
      ...{ name: parseInstanceName(this.name), privateKey: this.#privateKey, traffic },
      endpoint: { address: parseIpAddress(this.segment.ipv4(`0.1${gateway}`)), port: PORT },
      settings: {
        ...{
          addresses: ADDRESSES,
          publicKey: parsePublicKey(this.#gateways[gateway - 1]?.key ?? ''),
          endpoint: 'unused',
        },
        ...{ allowedIps: everything, dns: [INSIDE.IPv4], mtu: 1420, expires: undefined, relay: undefined },
        ...settings,
      },
    };
  }

  /** Calls what wgkex-tunnel calls, in the member’s namespace; `strace` stands in front of it. */
  async call(word: string, order: unknown, strace: readonly string[] = []): Promise<Outcome> {
    const [program = '', ...args] = [...strace, 'node', CHILD, word];
    return attempt(this.namespace, program, args, JSON.stringify(order));
  }

  /** @throws Error with what it says if it refuses. */
  async up(tunnel: Tunnel): Promise<void> {
    succeed(await this.call('up', tunnel));
  }

  async down(): Promise<void> {
    succeed(await this.call('down', this.name));
  }

  async read(): Promise<TunnelReading> {
    return JSON.parse(succeed(await this.call('read', this.name)));
  }

  async surroundings(): Promise<Surroundings> {
    return JSON.parse(succeed(await this.call('surroundings', this.device)));
  }

  /** What resolv.conf names on the member’s machine. */
  async useResolver(address: string): Promise<void> {
    await writeFile(`/etc/netns/${this.namespace}/resolv.conf`, `nameserver ${address}\n`);
  }

  /** The calls of resolvectl since the last time. */
  async resolverCalls(): Promise<string[]> {
    const file = `/etc/netns/${this.namespace}/wgkex/resolvectl`;
    const text = await readFile(file, 'utf8').catch(() => '');
    await writeFile(file, '');
    return text.split('\n').filter((line) => line !== '');
  }

  run(program: string, ...args: string[]): Promise<string> {
    return shIn(this.namespace, program, ...args);
  }

  /** All that a tunnel could leave behind, and what it must not change. */
  async state(): Promise<string> {
    const routes = ['-4', '-6'].map((family) => `ip -N ${family} route show table all`);
    const commands = [
      'ip -br address',
      'ip -N -oneline link',
      'ip -4 rule',
      'ip -6 rule',
      ...routes,
      'nft list ruleset',
    ];
    const parts = (await this.run('sh', '-c', commands.join(' && echo === && '))).split('\n===\n');
    // The order is of no concern, nor are the numbers of interfaces; some IPv6 routes are printed twice.
    const tidy = (part: string) => part.split('\n').map((line) => line.replace(/^\d+: (?=\S+: <)/, ''));
    return parts.flatMap((part) => [...new Set(tidy(part))].sort()).join('\n');
  }

  /** Sends one datagram by a socket that is bound to the uplink. */
  async sendByUplink(address: string, port: number): Promise<void> {
    const to = address.includes(':') ? `UDP6-SENDTO:[${address}]` : `UDP4-SENDTO:${address}`;
    await attempt(this.namespace, 'socat', ['-u', 'STDIN', `${to}:${port},bindtodevice=uplink`], 'hello');
  }

  /** Sends one datagram as a user; whether anyone gets it does not matter. */
  async send(address: string, port = 9, uid = 0): Promise<void> {
    const user = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
    const words = ['bash', '-c', 'echo hello >/dev/udp/$0/$1', address, String(port)];
    await attempt(this.namespace, 'setpriv', [...user, ...words]);
  }

  /** Of the process that serves the interface; undefined if the kernel does. */
  async userspacePid(): Promise<number | undefined> {
    for (const pid of (await sh('ip', 'netns', 'pids', this.namespace)).split('\n')) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes('wireguard-go')) return Number(pid);
    }
    return undefined;
  }

  /** Whether a ping is answered; `from` is an address or an interface. */
  async ping(address: string, from?: string): Promise<boolean> {
    const source = from === undefined ? [] : ['-I', from];
    return (await attempt(this.namespace, 'ping', ['-c', '1', '-W', '1', ...source, address])).exitCode === 0;
  }

  /** The addresses to which anything but WireGuard’s messages to a gateway has left since the last call. */
  async strays(): Promise<string[]> {
    const found: string[] = [];
    for (const set of ['strays4', 'strays6']) {
      const { nftables } = JSON.parse(await sh('nft', '-j', 'list', 'set', 'netdev', this.#table, set));
      const listed = nftables.find((one: { set?: unknown }) => one.set !== undefined).set.elem ?? [];
      found.push(
        ...listed.map((one: string | { elem: { val: string } }) => (typeof one === 'string' ? one : one.elem.val)),
      );
      await sh('nft', 'flush', 'set', 'netdev', this.#table, set);
    }
    return found.sort();
  }

  /** A gateway stops answering, until `undo` is called. */
  async silence(gateway: number): Promise<() => Promise<unknown>> {
    const { namespace = '' } = this.#gateways[gateway - 1] ?? {};
    await shIn(namespace, 'ip', 'link', 'set', 'uplink', 'down');
    return () => shIn(namespace, 'ip', 'link', 'set', 'uplink', 'up');
  }

  /** How many bytes a gateway has received through its tunnel. */
  async received(gateway: number): Promise<number> {
    const { namespace = '' } = this.#gateways[gateway - 1] ?? {};
    const [, bytes = ''] = (await shIn(namespace, 'wg', 'show', `${namespace}wg`, 'transfer')).split('\t');
    return Number(bytes);
  }

  async close(): Promise<void> {
    await this.down();
    await sh('nft', 'delete', 'table', 'netdev', this.#table);
    for (const process of this.#running) await process.stop();
    await this.segment.close();
  }

  get #table(): string {
    return `watch${this.#number}`;
  }

  async #addGateway(gateway: number): Promise<void> {
    const namespace = `tun${this.#number}g${gateway}`;
    const device = `${namespace}wg`;
    await this.segment.join(namespace, `0.1${gateway}`, `0::1${gateway}`);
    const running = await addWireguard(namespace, device);
    if (running !== undefined) this.#running.push(running);
    const keyFile = `/run/${namespace}.key`;
    await writeFile(keyFile, await sh('wg', 'genkey'), { mode: 0o600 });
    const memberKey = await sh('sh', '-c', 'echo "$0" | wg pubkey', this.#privateKey);
    const peer = ['peer', memberKey, 'allowed-ips', '10.66.0.0/24,fd66::/112'];
    await shIn(namespace, 'wg', 'set', device, 'private-key', keyFile, 'listen-port', String(PORT), ...peer);
    const own = [`${INSIDE.IPv4}/24`, `${INSIDE.IPv6}/112`];
    await ipBatch(
      namespace,
      ...own.map((address) => `address add ${address} dev ${device}`),
      `link set ${device} up`,
      ...Object.values(FAR).map((address) => `address add ${address} dev lo`),
    );
    this.#gateways.push({ namespace, key: await shIn(namespace, 'wg', 'show', device, 'public-key') });
  }

  /** All that leaves the member’s machine, but ARP, neighbour discovery, and WireGuard’s messages to a gateway. */
  async #watch(): Promise<void> {
    const port = this.segment.port(this.namespace);
    const gateways = this.#gateways.map((_, index) => index + 1);
    const [own4, own6] = [
      gateways.map((n) => this.segment.ipv4(`0.1${n}`)),
      gateways.map((n) => this.segment.ipv6(`0::1${n}`)),
    ];
    await sh(
      'nft',
      `table netdev ${this.#table} {
      set strays4 { type ipv4_addr; flags dynamic; size 1024; }
      set strays6 { type ipv6_addr; flags dynamic; size 1024; }
      chain strays {
        type filter hook ingress device "${port}" priority 0; policy accept;
        ether type arp accept
        ip6 daddr ff00::/8 accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        ip daddr { ${own4.join(', ')} } udp dport ${PORT} accept
        ip6 daddr { ${own6.join(', ')} } udp dport ${PORT} accept
        meta protocol ip add @strays4 { ip daddr }
        meta protocol ip6 add @strays6 { ip6 daddr }
      }
    }`,
    );
  }
}

/** The user that wgkex-join runs as. */
export async function findClientUid(): Promise<number> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((one) => one.startsWith(`${USER}:`));
  return Number(line?.split(':')[2]);
}

async function prepareLab(): Promise<void> {
  // Only over a directory another one can be laid.
  await mkdir('/etc/resolvconf', { recursive: true });
  const file = `${CHILD}.${process.pid}.cjs`;
  const entryPoints = [fileURLToPath(new URL('tunnel-child.ts', import.meta.url))];
  await build({ entryPoints, outfile: file, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
  await rename(file, CHILD);
  if (Number.isNaN(await findClientUid()))
    await appendFile('/etc/passwd', `${USER}:x:989:989::/nonexistent:/usr/sbin/nologin\n`);
  await writeFile(RESOLVECTL, NOTING, { mode: 0o755 });
}

function succeed({ exitCode, stdout, stderr }: Outcome): string {
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}
