import { readFile } from 'node:fs/promises';
import { type Background, eventually, ipBatch, sh, shIn, startIn } from './commands.ts';

/**
 * A segment that stands for the internet: a bridge in the test's own network namespace, to which namespaces are
 * joined by veth pairs. Its hosts have 10.N.0.0/16 and fd00:N::/32; the test itself has .0.2 and ::2.
 */
export class Segment {
  readonly #number: number;
  readonly #namespaces: string[] = [];
  readonly #ports: string[] = [];

  private constructor(number: number) {
    this.#number = number;
  }

  static async create(number: number): Promise<Segment> {
    const segment = new Segment(number);
    const { bridge } = segment;
    // A bridge without an address of its own takes the lowest of its ports', and a namespace that knew it before a port
    // joined cannot reach it for half a minute.
    const mac = `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`;
    await ipBatch(
      undefined,
      `link add ${bridge} address ${mac} up type bridge`,
      ...segment.#listAddresses(bridge, '0.2', '0::2'),
    );
    return segment;
  }

  get bridge(): string {
    return `br${this.#number}`;
  }

  /** An address of the test's own that no other segment has. */
  get loopback(): string {
    return `127.0.${this.#number}.1`;
  }

  /** The device on the bridge that leads to a namespace. */
  port(namespace: string): string {
    return this.#ports[this.#namespaces.indexOf(namespace)] ?? '';
  }

  /** The IPv4 address of a host, from its last two bytes such as `0.1`. */
  ipv4(host: string): string {
    return `10.${this.#number}.${host}`;
  }

  /** The IPv6 address of a host, from what follows the segment's /32, such as `0::1`. */
  ipv6(host: string): string {
    return `fd00:${this.#number}:${host}`;
  }

  /** One more address of the test itself, to connect from. */
  async addSource(address: string): Promise<string> {
    await sh(
      'ip',
      'address',
      'replace',
      `${address}${address.includes(':') ? '/32' : '/16'}`,
      'dev',
      this.bridge,
      'nodad',
    );
    return address;
  }

  /** Makes a namespace with an interface `uplink` on the segment. */
  async join(namespace: string, host4: string, host6: string): Promise<void> {
    const port = `p${this.#number}-${this.#namespaces.length}`;
    await sh('ip', 'netns', 'add', namespace);
    this.#namespaces.push(namespace);
    this.#ports.push(port);
    await ipBatch(
      undefined,
      `link add ${port} type veth peer name uplink netns ${namespace}`,
      `link set ${port} master ${this.bridge} up`,
    );
    const addresses = this.#listAddresses('uplink', host4, host6);
    await ipBatch(namespace, 'link set lo up', 'link set uplink up', ...addresses);
  }

  async close(): Promise<void> {
    // The kernel takes a namespace apart some time later; the names of its ports are wanted at once.
    await ipBatch(undefined, ...[...this.#ports, this.bridge].map((device) => `link delete ${device}`));
    for (const namespace of this.#namespaces) await sh('ip', 'netns', 'delete', namespace);
  }

  /** The commands of ip(8) that give a device a host's addresses. */
  #listAddresses(device: string, host4: string, host6: string): string[] {
    return [
      `address add ${this.ipv4(host4)}/16 dev ${device}`,
      `address add ${this.ipv6(host6)}/32 dev ${device} nodad`,
    ];
  }
}

/**
 * The order in which routers may use one gateway: wireguard-go 0.0.20250522 (Debian 13) sends to a wrong IPv6 address
 * once it has sent to an IPv4 address, because it reuses the memory of addresses.
 */
export const FAMILIES = ['IPv6', 'IPv4'] as const;

let kernelHasWireguard: Promise<boolean> | undefined;

function tryKernel(namespace: string): Promise<boolean> {
  return ipBatch(namespace, 'link add wgtry type wireguard', 'link delete wgtry').then(
    () => true,
    () => false,
  );
}

/**
 * Makes a WireGuard interface: the kernel's, else that of wireguard-go, whose process is returned.
 * Names must be unique in the lab: wireguard-go is found by name, not by namespace.
 */
export async function addWireguard(namespace: string, device: string): Promise<Background | undefined> {
  kernelHasWireguard ??= tryKernel(namespace);
  if (await kernelHasWireguard) {
    await ipBatch(namespace, `link add ${device} type wireguard`);
    return undefined;
  }
  const process = startIn(namespace, 'wireguard-go', '--foreground', device);
  await eventually(
    `wireguard-go makes ${device}`,
    async () => process.hasEnded || (await isListening(process, device)),
  );
  // On standard error it recommends the kernel's own.
  if (process.hasEnded) throw new Error(`wireguard-go could not make ${device}: ${process.stdout}`);
  await shIn(namespace, 'wg', 'show', device);
  // The kernel's own gets no link-local address by itself.
  await ipBatch(namespace, `link set dev ${device} addrgenmode none`);
  return process;
}

/** unix(7): a listening socket has this flag. */
const ACCEPTS_CONNECTIONS = '00010000';

/** wg(8) itself must not try that: it deletes an existing socket on which nobody listens yet. */
async function isListening({ pid }: Background, device: string): Promise<boolean> {
  const sockets = (await readFile(`/proc/${pid}/net/unix`, 'utf8').catch(() => '')).split('\n');
  const isIts = (line: string) =>
    line.includes(` ${ACCEPTS_CONNECTIONS} `) && line.endsWith(`/wireguard/${device}.sock`);
  return sockets.some(isIts);
}

/** The commands of ip(8) for a VXLAN on top of WireGuard; without `remote` it has no destination but those of its entries. */
export function describeVxlan(device: string, wireguard: string, local: string, remote?: string): string[] {
  const where = `id 4242 dstport 4789 local ${local} dev ${wireguard}`;
  const to = remote === undefined ? '' : ` remote ${remote}`;
  return [`link add ${device} mtu 1280 type vxlan ${where}${to}`, `link set ${device} up`];
}
