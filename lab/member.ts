import { writeFile } from 'node:fs/promises';
import { type Background, eventually, ipBatch, sh, shIn } from './commands.ts';
import type { Gateway } from './gateway.ts';
import { claim, type Ticket } from './leases.ts';
import { addWireguard } from './network.ts';

const PING_SECONDS = 1;

/** A member in its own network namespace, whose tunnel is as its configuration says. */
export class Member {
  readonly namespace: string;
  readonly key: string;
  readonly privateKeyFile: string;
  #wireguard: Background | undefined;

  private constructor(namespace: string, key: string) {
    this.namespace = namespace;
    this.key = key;
    this.privateKeyFile = findKeyFile(namespace);
  }

  /** Makes the member's namespace on the gateway's segment, and its key; `number` is 1 to 254. */
  static async create(gateway: Gateway, number: number): Promise<Member> {
    const namespace = `${gateway.namespace}mb${number}`;
    const file = findKeyFile(namespace);
    await writeFile(file, await sh('wg', 'genkey'), { mode: 0o600 });
    const member = new Member(namespace, await sh('sh', '-c', `wg pubkey <${file}`));
    gateway.onClose(() => member.down());
    await gateway.segment.join(namespace, `2.${number}`, `20${number}::1`);
    return member;
  }

  /** One that has claimed its lease, and whose tunnel is up. */
  static async join(gateway: Gateway, number: number, ticket: Ticket): Promise<Member> {
    const member = await Member.create(gateway, number);
    await member.up((await claim(gateway, { ticket, key: member.key })).config);
    await member.reaches();
    return member;
  }

  get device(): string {
    return `${this.namespace}wg`;
  }

  /** Brings the tunnel up, as wg-quick(8) would. */
  async up(config = ''): Promise<void> {
    const [interfaceLines = '', peerLines = ''] = config.split('[Peer]');
    const addresses = readList(interfaceLines, 'Address');
    const networks = readList(peerLines, 'AllowedIPs');
    this.#wireguard = await addWireguard(this.namespace, this.device);
    const settings = peerLines.replace(/^PersistentKeepalive.*$/m, 'PersistentKeepalive = 1');
    const file = `/run/${this.namespace}.conf`;
    await writeFile(file, `[Interface]\nPrivateKey = ${await sh('cat', this.privateKeyFile)}\n[Peer]${settings}`);
    await this.run('wg', 'setconf', this.device, file);
    await ipBatch(
      this.namespace,
      ...addresses.map(
        (address) => `address add ${address} dev ${this.device}${address.includes(':') ? ' nodad' : ''}`,
      ),
      `link set mtu ${readList(interfaceLines, 'MTU')} up dev ${this.device}`,
      ...networks.map((network) => `route add ${network} dev ${this.device}`),
    );
  }

  /** Ends the tunnel without a word to the gateway. */
  async down(): Promise<void> {
    await this.#wireguard?.stop();
    this.#wireguard = undefined;
  }

  /** Whether the gateway answers one ping through the tunnel. */
  ping(address = '10.66.0.1'): Promise<boolean> {
    return this.run('ping', '-c', '1', '-W', String(PING_SECONDS), address).then(
      () => true,
      () => false,
    );
  }

  /** Resolves when the gateway answers through the tunnel. */
  async reaches(address?: string, seconds?: number): Promise<void> {
    await eventually(`${this.namespace} reaches its gateway`, () => this.ping(address), seconds);
  }

  run(program: string, ...args: string[]): Promise<string> {
    return shIn(this.namespace, program, ...args);
  }
}

function findKeyFile(namespace: string): string {
  return `/run/${namespace}.key`;
}

function readList(text: string, name: string): string[] {
  return text.match(new RegExp(`^${name} = (.*)$`, 'm'))?.[1]?.split(', ') ?? [];
}
