import { eventually } from '../lab/commands.ts';
import { EXCHANGE_PORT, GATEWAY_LINK_ADDRESS } from '../lab/gateway.ts';
import { addWireguard } from '../lab/network.ts';
import { parseIpAddress } from '../src/core/values/ip-address.ts';
import { abbreviateKey, parsePublicKey } from '../src/core/values/public-key.ts';
import { DOMAIN, type Stage } from './gateway.ts';
import { Host } from './host.ts';
import { confirm, showCommand } from './terminal.ts';

export const GATEWAY_MESH_ADDRESS = 'fd42::1';

/** With a deadline ping(8) waits for answers that are late. */
const PING = 'ping -6 -c 3 -i 0.3 -w 15';

/** sed's pattern for the first five bytes of a hash. */
const FIVE_BYTES = '(..)(..)(..)(..)(..).*';

/** A router that acts like a router's firmware, with the shell's tools. */
export class Router {
  readonly host: Host;
  readonly meshAddress: string;
  readonly #stage: Stage;
  readonly #wireguard: string;
  readonly #vxlan: string;
  readonly #keyFile: string;
  #key = '';
  #mac = '';
  #address = '';

  private constructor(stage: Stage, number: number) {
    this.#stage = stage;
    this.host = new Host(`rt${number}`);
    this.meshAddress = `fd42::${number + 1}`;
    this.#wireguard = `wgrt${number}`;
    this.#vxlan = `vxrt${number}`;
    this.#keyFile = `/run/rt${number}.key`;
  }

  /** `number` is 1 to 8. */
  static async create(stage: Stage, number: number): Promise<Router> {
    const router = new Router(stage, number);
    await stage.gateway.segment.join(router.host.name, `1.${number}`, `${number}::1`);
    return router;
  }

  /** Its public key. */
  get key(): string {
    return this.#key;
  }

  /** The link-local address that it derived, in the spelling of the kernel. */
  get address(): string {
    return this.#address;
  }

  async makeKey(): Promise<void> {
    await this.host.type(`(umask 077; wg genkey >${this.#keyFile})`);
    this.#key = await this.host.type(`wg pubkey <${this.#keyFile}`);
  }

  /** Sends its two lines; returns the address that the gateway admitted. */
  async introduce(): Promise<string> {
    const { gateway, journal } = this.#stage;
    const lines = `(echo ${DOMAIN}; wg pubkey <${this.#keyFile})`;
    const reply = await this.host.type(`${lines} | nc ${gateway.address} ${EXCHANGE_PORT}`);
    const admitted = `admitted ${DOMAIN} `;
    const words = (await journal.show(admitted)).find((line) => line.startsWith(admitted))?.split(' ') ?? [];
    const isKnown = words.includes(`key=${abbreviateKey(parsePublicKey(this.#key))}`) && words.includes('new');
    confirm(`${this.host.name} gets its OK, and the key is new to the gateway`, reply === 'OK' && isKnown);
    return words[2] ?? '';
  }

  async deriveAddress(): Promise<void> {
    const file = `/run/${this.host.name}.md5`;
    await this.host.type(`wg pubkey <${this.#keyFile} | md5sum | tee ${file}`);
    this.#mac = await this.host.type(`sed -E 's/${FIVE_BYTES}/02:\\1:\\2:\\3:\\4:\\5/' ${file}`);
    const address = await this.host.type(`sed -E 's/${FIVE_BYTES}/fe80::00\\1:\\2ff:fe\\3:\\4\\5/' ${file}`);
    this.#address = parseIpAddress(address);
  }

  /** Brings up its side of the tunnel. */
  async bringUp(): Promise<void> {
    const { host } = this;
    const [wireguard, vxlan] = [this.#wireguard, this.#vxlan];
    const process = await addWireguard(host.name, wireguard);
    const byKernel = `ip link add ${wireguard} type wireguard`;
    const command = process === undefined ? byKernel : `wireguard-go --foreground ${wireguard} &`;
    if (host.isShown) await showCommand(host.name, command);
    await host.type(`wg set ${wireguard} private-key ${this.#keyFile}`);
    await this.#addGateway();
    await host.type(`ip address add ${this.#address}/64 dev ${wireguard}`);
    await host.type(`ip link set ${wireguard} up`);
    const ends = `local ${this.#address} remote ${GATEWAY_LINK_ADDRESS}`;
    await host.type(`ip link add ${vxlan} mtu 1280 type vxlan id 4242 dstport 4789 dev ${wireguard} ${ends}`);
    await host.type(`ip link set ${vxlan} address ${this.#mac} up`);
    await host.type(`ip address add ${this.meshAddress}/64 dev ${vxlan} nodad`);
    await this.#expectHandshake(0);
  }

  /** Makes it forget its session and start another one: by itself WireGuard does that only every two minutes. */
  async renewSession(): Promise<void> {
    const before = await this.lastHandshake();
    const { gateway } = this.#stage;
    await this.host.type(`wg set ${this.#wireguard} peer ${await gateway.publicKey()} remove`);
    await this.#addGateway();
    await this.#expectHandshake(before);
  }

  /** Pings the gateway over the VXLAN segment. */
  async ping(): Promise<void> {
    confirmAnswers(`${this.host.name} reaches gw1`, await this.host.type(`${PING} ${GATEWAY_MESH_ADDRESS}`));
  }

  /** The other direction. */
  async pingFromGateway(): Promise<void> {
    const { host } = this.#stage;
    confirmAnswers(`${host.name} reaches ${this.host.name}`, await host.type(`${PING} ${this.meshAddress}`));
  }

  /** When the gateway had its last handshake with this router, in seconds since 1970; 0 for never. */
  async lastHandshake(): Promise<number> {
    const peer = await this.#stage.gateway.findPeer(this.#key);
    return peer === undefined || peer.lastHandshake === 'never' ? 0 : peer.lastHandshake;
  }

  async #addGateway(): Promise<void> {
    const { gateway } = this.#stage;
    const endpoint = `${gateway.address}:${gateway.wireguardPort()}`;
    const peer = `peer ${await gateway.publicKey()} allowed-ips fe80::/64 endpoint ${endpoint}`;
    await this.host.type(`wg set ${this.#wireguard} ${peer} persistent-keepalive 1`);
  }

  #expectHandshake(after: number): Promise<void> {
    const isNewer = async () => (await this.lastHandshake()) > after;
    return eventually(`${this.host.name} has a handshake`, isNewer);
  }
}

function confirmAnswers(what: string, printed: string): void {
  const isAnswered = [1, 2, 3].every((number) => printed.includes(` icmp_seq=${number} `));
  confirm(`${what}, and no packet is lost`, isAnswered);
}
