import { readFile } from 'node:fs/promises';
import { type Background, eventually, sh, shIn, startIn } from './commands.ts';

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
    await sh('ip', 'link', 'add', segment.bridge, 'type', 'bridge');
    await sh('ip', 'link', 'set', segment.bridge, 'up');
    await segment.#address(segment.bridge, '0.2', '0::2');
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
    await sh('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', namespace);
    await sh('ip', 'link', 'set', port, 'master', this.bridge, 'up');
    await shIn(namespace, 'ip', 'link', 'set', 'lo', 'up');
    await shIn(namespace, 'ip', 'link', 'set', 'uplink', 'up');
    await this.#address('uplink', host4, host6, namespace);
  }

  async close(): Promise<void> {
    // The kernel takes a namespace apart some time later; the names of its ports are wanted at once.
    for (const port of this.#ports) await sh('ip', 'link', 'delete', port);
    for (const namespace of this.#namespaces) await sh('ip', 'netns', 'delete', namespace);
    await sh('ip', 'link', 'delete', this.bridge);
  }

  async #address(device: string, host4: string, host6: string, namespace?: string): Promise<void> {
    const ip = namespace === undefined ? ['ip'] : ['ip', '-n', namespace];
    const [program = '', ...args] = ip;
    await sh(program, ...args, 'address', 'add', `${this.ipv4(host4)}/16`, 'dev', device);
    await sh(program, ...args, 'address', 'add', `${this.ipv6(host6)}/32`, 'dev', device, 'nodad');
  }
}

/**
 * Makes a WireGuard interface: the kernel's, else that of wireguard-go, whose process is returned.
 * Names must be unique in the lab: wireguard-go is found by name, not by namespace.
 */
export async function addWireguard(namespace: string, device: string): Promise<Background | undefined> {
  const byKernel = await sh('ip', '-n', namespace, 'link', 'add', device, 'type', 'wireguard').catch(() => undefined);
  if (byKernel !== undefined) return undefined;
  const process = startIn(namespace, 'wireguard-go', '--foreground', device);
  await eventually(
    `wireguard-go makes ${device}`,
    async () => process.hasEnded || (await isListening(process, device)),
  );
  // On standard error it recommends the kernel's own.
  if (process.hasEnded) throw new Error(`wireguard-go could not make ${device}: ${process.stdout}`);
  await shIn(namespace, 'wg', 'show', device);
  // The kernel's own gets no link-local address by itself.
  await shIn(namespace, 'ip', 'link', 'set', 'dev', device, 'addrgenmode', 'none');
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

/** Makes a VXLAN on top of a WireGuard interface; without `remote` it has no destination but those of its entries. */
export async function addVxlan(
  namespace: string,
  device: string,
  wireguard: string,
  local: string,
  remote?: string,
): Promise<void> {
  const where = ['id', '4242', 'dstport', '4789', 'local', local, 'dev', wireguard];
  const to = remote === undefined ? [] : ['remote', remote];
  await sh('ip', '-n', namespace, 'link', 'add', device, 'mtu', '1280', 'type', 'vxlan', ...where, ...to);
  await sh('ip', '-n', namespace, 'link', 'set', device, 'up');
}
