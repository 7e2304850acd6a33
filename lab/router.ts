import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { AddressVariant } from '../src/core/values/address-variant.ts';
import { deriveLinkAddress, type LinkAddress } from '../src/core/values/derived-address.ts';
import { parsePublicKey } from '../src/core/values/public-key.ts';
import { type Background, eventually, ipBatch, sh, shIn } from './commands.ts';
import { EXCHANGE_PORT, GATEWAY_LINK_ADDRESS, type Gateway } from './gateway.ts';
import { addWireguard, describeVxlan } from './network.ts';

const PING_INTERVAL_SECONDS = '0.2';
const PING_DEADLINE_SECONDS = '60';

/** A gateway as a router dials it. */
interface Endpoint {
  /** A name or an address. */
  readonly host: string;
  readonly port: string;
  readonly publicKey: string;
  /** The remote of the VXLAN. */
  readonly linkAddress: string;
  readonly allowed?: string;
}

/** A router in its own network namespace, which acts like a router in the field. */
export class Router {
  readonly namespace: string;
  readonly key: string;
  readonly link: LinkAddress;
  readonly #gateway: Gateway;
  readonly #number: number;
  readonly #privateKeyFile: string;
  #wireguard: Background | undefined;
  #isUp = false;

  private constructor(gateway: Gateway, number: number, key: string, variant: AddressVariant) {
    this.#gateway = gateway;
    this.#number = number;
    this.key = key;
    this.namespace = `${gateway.namespace}rt${number}`;
    this.#privateKeyFile = `/run/${this.namespace}.key`;
    this.link = deriveLinkAddress(parsePublicKey(key), variant);
  }

  /** Makes the router's namespace on the gateway's segment, and its key; `number` is 1 to 254. */
  static async create(
    gateway: Gateway,
    number: number,
    privateKey?: string,
    variant: AddressVariant = 'eui64',
  ): Promise<Router> {
    const secret = privateKey ?? (await sh('wg', 'genkey'));
    const file = `/run/${gateway.namespace}rt${number}.key`;
    await writeFile(file, secret, { mode: 0o600 });
    const router = new Router(gateway, number, await sh('sh', '-c', `wg pubkey <${file}`), variant);
    gateway.onClose(() => router.down());
    await gateway.segment.join(router.namespace, `1.${number}`, `${number}::1`);
    return router;
  }

  get wireguard(): string {
    return `${this.namespace}wg`;
  }

  get vxlan(): string {
    return `${this.namespace}vx`;
  }

  /** The address of the router on the mesh segment inside the tunnel. */
  get meshAddress(): string {
    return `fd42::${(this.#number + 1).toString(16)}`;
  }

  /** Sends the two lines to the gateway, from the router's own namespace. */
  async exchange(domain: string, host = this.#gateway.address): Promise<string> {
    const script = 'exec 3<>"/dev/tcp/$0/$1"; printf "%s\\n%s\\n" "$2" "$3" >&3; cat <&3';
    return shIn(this.namespace, 'bash', '-c', script, host, String(EXCHANGE_PORT), domain, this.key);
  }

  /** Brings up the router's side of the tunnel. */
  async up(domain?: string, host = this.#gateway.address): Promise<void> {
    const publicKey = await this.#gateway.publicKey(domain);
    const port = String(this.#gateway.wireguardPort(domain));
    await this.dial({ host, port, publicKey, linkAddress: GATEWAY_LINK_ADDRESS, allowed: 'fe80::/64' });
  }

  /** The same with an endpoint that a gateway told it. */
  async dial({ host, port, publicKey, linkAddress, allowed = `${linkAddress}/128` }: Endpoint): Promise<void> {
    const { wireguard, vxlan, namespace } = this;
    this.#wireguard = await addWireguard(namespace, wireguard);
    this.#isUp = true;
    const endpoint = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const peer = ['peer', publicKey, 'allowed-ips', allowed, 'endpoint', endpoint];
    await this.run('wg', 'set', wireguard, 'private-key', this.#privateKeyFile, ...peer, 'persistent-keepalive', '1');
    await ipBatch(
      namespace,
      `address add ${this.link.address}/64 dev ${wireguard} nodad`,
      `link set ${wireguard} up`,
      ...describeVxlan(vxlan, wireguard, this.link.address, linkAddress),
      `link set ${vxlan} address ${this.link.mac}`,
      `address add ${this.meshAddress}/64 dev ${vxlan} nodad`,
    );
  }

  /** Takes the router's side of the tunnel down without notifying the gateway. */
  async down(): Promise<void> {
    if (!this.#isUp) return;
    this.#isUp = false;
    if (this.#wireguard !== undefined) await this.#wireguard.stop();
    else await this.run('ip', 'link', 'delete', this.wireguard);
  }

  /** Resolves when the gateway has had a handshake with this router; the keepalive asks for one every 5 s. */
  async connected(domain?: string): Promise<void> {
    const hasHandshake = async () => {
      const peer = await this.#gateway.findPeer(this.key, domain);
      return peer !== undefined && peer.lastHandshake !== 'never';
    };
    await eventually(`${this.namespace} has a handshake`, hasHandshake);
  }

  /** Pings the gateway over the VXLAN segment; rejects if one of the first `count` is lost, however late answers are. */
  async ping(count = 3): Promise<void> {
    assertAnswers(count, await this.run('ping', ...wordsFor(count), 'fd42::1'));
  }

  /** The other direction. */
  async pingFromGateway(count = 3): Promise<void> {
    assertAnswers(count, await this.#gateway.run('ping', ...wordsFor(count), this.meshAddress));
  }

  run(program: string, ...args: string[]): Promise<string> {
    return shIn(this.namespace, program, ...args);
  }
}

/** With a deadline ping(8) continues until it has `count` answers; otherwise it waits 0.2 s for the last one. */
function wordsFor(count: number): string[] {
  return ['-6', '-c', String(count), '-i', PING_INTERVAL_SECONDS, '-w', PING_DEADLINE_SECONDS];
}

function assertAnswers(count: number, printed: string): void {
  const answered = new Set(
    [...printed.matchAll(/ bytes from .* icmp_seq=(\d+) /g)].map(([, number]) => Number(number)),
  );
  const lost = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !answered.has(number));
  assert.deepEqual(lost, [], printed);
}
