import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Background, eventually, ipBatch, sh, shIn, startIn } from './commands.ts';
import { addWireguard, Segment } from './network.ts';

export const RELAY = fileURLToPath(new URL('../dist/wgkex-relay', import.meta.url));
export const RELAY_PORT = 443;
export const WIREGUARD_PORT = 51820;
/** Where the client of the relay takes WireGuard's messages. */
export const CLIENT_PORT = 51821;
export const METRICS_PORT = 9100;
/** Within the tunnel. */
export const GATEWAY_INSIDE = '10.99.0.1';
export const FAR_INSIDE = '10.99.0.2';

/**
 * Two machines with a WireGuard interface each, and a relay between them: a gateway, and a far machine whose UDP is
 * blocked. The far machine has a host route to the gateway's end alone.
 */
export class RelayScene {
  readonly segment: Segment;
  readonly #number: number;
  readonly #keys: { readonly gateway: string; readonly far: string };
  readonly #running: Background[] = [];
  readonly #closing: (() => Promise<void>)[] = [];
  server: Background | undefined;
  client: Background | undefined;

  private constructor(number: number, segment: Segment, keys: { gateway: string; far: string }) {
    this.#number = number;
    this.segment = segment;
    this.#keys = keys;
  }

  /** `number` tells the scenes of one lab apart: 1 to 254. */
  static async create(number: number): Promise<RelayScene> {
    const segment = await Segment.create(number);
    const keys = {
      gateway: await makeKey(`/run/relay${number}gw.key`),
      far: await makeKey(`/run/relay${number}far.key`),
    };
    const scene = new RelayScene(number, segment, keys);
    await segment.join(scene.gateway, '0.1', '0::1');
    await segment.join(scene.far, '1.1', '1::1');
    await scene.#addInterface(scene.gateway, 'gw', `${GATEWAY_INSIDE}/24`, ['listen-port', String(WIREGUARD_PORT)]);
    await scene.#addInterface(scene.far, 'far', `${FAR_INSIDE}/24`, []);
    await shIn(scene.gateway, 'wg', 'set', scene.device('gw'), 'peer', keys.far, 'allowed-ips', `${FAR_INSIDE}/32`);
    return scene;
  }

  get gateway(): string {
    return `relay${this.#number}gw`;
  }

  get far(): string {
    return `relay${this.#number}far`;
  }

  /** The WireGuard interface of one side. */
  device(side: 'gw' | 'far'): string {
    return `wgr${this.#number}${side}`;
  }

  /** Lets nothing but TCP leave the far machine. */
  async blockUdp(): Promise<void> {
    const chain = 'type filter hook output priority 0; oifname "uplink" meta l4proto udp counter drop';
    await shIn(this.far, 'nft', `table inet blocked { chain output { ${chain}; }; }`);
  }

  async startServer(...options: string[]): Promise<void> {
    const words = ['server', '--listen', `[::]:${RELAY_PORT}`, '--to', `127.0.0.1:${WIREGUARD_PORT}`, ...options];
    this.server = await this.start(this.gateway, ...words);
  }

  /** The server is dialled by IPv6 unless another address is given. */
  async startClient(host = `[${this.segment.ipv6('0::1')}]`, ...options: string[]): Promise<void> {
    const words = ['client', '--listen', `127.0.0.1:${CLIENT_PORT}`, '--to', `${host}:${RELAY_PORT}`, ...options];
    this.client = await this.start(this.far, ...words);
  }

  /** Starts a program on one of the machines, which ends with the scene. */
  run(namespace: string, ...words: string[]): Background {
    const program = startIn(namespace, ...words);
    this.#running.push(program);
    return program;
  }

  /** Starts a program of the relay on one of the machines, and waits until it listens. */
  async start(namespace: string, ...words: string[]): Promise<Background> {
    const program = this.run(namespace, RELAY, ...words);
    await eventually('the relay listens', () => program.hasEnded || program.stderr.includes('relay listening'));
    if (program.hasEnded) throw new Error(`The relay did not start: ${program.stderr}`);
    return program;
  }

  /** The far machine's WireGuard dials this endpoint from now on. */
  async dial(endpoint = `127.0.0.1:${CLIENT_PORT}`, keepaliveSeconds = 1): Promise<void> {
    const peer = ['peer', this.#keys.gateway, 'allowed-ips', `${GATEWAY_INSIDE}/32`, 'endpoint', endpoint];
    await shIn(
      ...([this.far, 'wg', 'set', this.device('far'), ...peer] as const),
      ...['persistent-keepalive', String(keepaliveSeconds)],
    );
  }

  /** Makes the far machine forget its peer, and with it every session. */
  async forget(): Promise<void> {
    await shIn(this.far, 'wg', 'set', this.device('far'), 'peer', this.#keys.gateway, 'remove');
  }

  /** Moves the gateway's WireGuard to another port, so that nothing listens on the one before. */
  async setGatewayPort(port: number): Promise<void> {
    await shIn(this.gateway, 'wg', 'set', this.device('gw'), 'listen-port', String(port));
  }

  /** Pings the gateway through the tunnel until it answers. */
  async reachesGateway(seconds?: number): Promise<void> {
    const ping = () => shIn(this.far, 'ping', '-c', '1', '-W', '1', GATEWAY_INSIDE);
    await eventually('the gateway answers through the tunnel', () => ping().then(yes, no), seconds);
  }

  /** The endpoint of the far machine, as the gateway's WireGuard sees it. */
  async findEndpoint(): Promise<string> {
    return (await shIn(this.gateway, 'wg', 'show', this.device('gw'), 'endpoints')).split('\t')[1] ?? '';
  }

  onClose(close: () => Promise<void>): void {
    this.#closing.push(close);
  }

  /** The number that a metric of one side has, the sum over its labels that match. */
  async readMetric(namespace: string, name: string): Promise<number> {
    const page = await shIn(namespace, 'bash', '-c', READ_METRICS, String(METRICS_PORT));
    const lines = page.split('\n').filter((line) => line.startsWith(name));
    return lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close();
    for (const program of this.#running.reverse()) await program.stop();
    await this.segment.close();
  }

  async #addInterface(namespace: string, side: 'gw' | 'far', address: string, settings: string[]): Promise<void> {
    const device = this.device(side);
    const process = await addWireguard(namespace, device);
    if (process !== undefined) this.#running.push(process);
    await shIn(namespace, 'wg', 'set', device, 'private-key', `/run/relay${this.#number}${side}.key`, ...settings);
    await ipBatch(namespace, `address add ${address} dev ${device}`, `link set ${device} up`);
  }
}

const READ_METRICS =
  'exec 3<>/dev/tcp/127.0.0.1/$0; printf "GET /metrics HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n" >&3; cat <&3';

const yes = () => true;
const no = () => false;

/** Returns the public key. */
async function makeKey(file: string): Promise<string> {
  await writeFile(file, await sh('wg', 'genkey'), { mode: 0o600 });
  return sh('sh', '-c', `wg pubkey <${file}`);
}
