import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Background, eventually, sh } from './commands.ts';
import type { Gateway } from './gateway.ts';

/** Of the loopback interface; each segment has an address of its own there. */
const PORTS = { near: 4000, far: 4002 } as const;
/** For what TCP sends at once. */
const BUFFER_BYTES = 1 << 21;

/**
 * A part of a gateway's segment that is far away: a second bridge, joined to the segment by two TAP devices. Between
 * them this process holds every frame for half of the round trip, so that addresses stay what they are. netem would do
 * the same, where the kernel has it.
 */
export class RoundTrip {
  readonly #gateway: Gateway;
  readonly #closing: (() => Promise<unknown>)[] = [];

  private constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** Of the packets of each direction, `lossPercent` are lost by chance. */
  static async create(gateway: Gateway, milliseconds: number, lossPercent = 0): Promise<RoundTrip> {
    const roundTrip = new RoundTrip(gateway);
    gateway.onClose(() => roundTrip.#close());
    await sh('ip', 'link', 'add', roundTrip.#bridge, 'type', 'bridge');
    roundTrip.#closing.push(() => sh('ip', 'link', 'delete', roundTrip.#bridge));
    await sh('ip', 'link', 'set', roundTrip.#bridge, 'up');
    const near = await roundTrip.#openEnd('near', gateway.segment.bridge);
    const far = await roundTrip.#openEnd('far', roundTrip.#bridge);
    holdFrames(near, far, milliseconds / 2);
    holdFrames(far, near, milliseconds / 2);
    if (lossPercent > 0) await roundTrip.#lose(lossPercent);
    return roundTrip;
  }

  /** Moves a namespace of the segment to the far side, with the addresses that it has. */
  async moveAway(namespace: string): Promise<void> {
    await sh('ip', 'link', 'set', this.#gateway.segment.port(namespace), 'master', this.#bridge);
  }

  get #bridge(): string {
    return `${this.#gateway.segment.bridge}far`;
  }

  #device(side: keyof typeof PORTS): string {
    return `${this.#gateway.segment.bridge}${side}tap`;
  }

  /** A TAP device, whose frames socat(1) exchanges with this process, a datagram for each. */
  async #openEnd(side: keyof typeof PORTS, bridge: string): Promise<End> {
    const [address, port, device] = [this.#gateway.segment.loopback, PORTS[side], this.#device(side)];
    const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES });
    this.#closing.push(async () => socket.close());
    socket.bind(port, address);
    await once(socket, 'listening');
    const tap = `TUN,tun-type=tap,tun-name=${device},iff-no-pi,iff-up`;
    const peer = `UDP4:${address}:${port},bind=${address}:${port + 1},rcvbuf=${BUFFER_BYTES}`;
    const process = new Background('socat', [tap, peer]);
    this.#closing.push(() => process.stop());
    await eventually(`socat makes ${device}`, () => process.hasEnded || isThere(device));
    if (process.hasEnded) throw new Error(`socat could not make ${device}: ${process.stderr}`);
    await sh('ip', 'link', 'set', device, 'master', bridge);
    return { socket, send: (frame) => socket.send(frame, port + 1, address) };
  }

  async #lose(percent: number): Promise<void> {
    const table = `${this.#gateway.segment.bridge}far`;
    const devices = `{ ${this.#device('near')}, ${this.#device('far')} }`;
    const chain = `type filter hook ingress devices = ${devices} priority 0; numgen random mod 100 < ${percent} drop`;
    await sh('nft', `table netdev ${table} { chain lose { ${chain}; }; }`);
    this.#closing.push(() => sh('nft', 'delete', 'table', 'netdev', table));
  }

  async #close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }
}

interface End {
  readonly socket: Socket;
  send(frame: Buffer): void;
}

/** Timers of the same length fire in their order, so the frames stay in theirs. */
function holdFrames(from: End, to: End, milliseconds: number): void {
  const held = new Set<NodeJS.Timeout>();
  from.socket.on('message', (frame) => {
    const timer = setTimeout(() => {
      held.delete(timer);
      to.send(frame);
    }, milliseconds);
    held.add(timer);
  });
  to.socket.on('close', () => {
    for (const timer of held) clearTimeout(timer);
  });
}

async function isThere(device: string): Promise<boolean> {
  return (await sh('ip', '-oneline', 'link')).includes(` ${device}: `);
}
