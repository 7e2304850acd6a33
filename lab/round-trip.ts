import { fileURLToPath } from 'node:url';
import { Background, eventually, sh } from './commands.ts';
import type { Segment } from './network.ts';

/** What has a segment, such as a gateway. */
interface Site {
  readonly segment: Segment;
  /** Calls this when it is closed. */
  onClose(close: () => Promise<void>): void;
}

/** Of a hundred packets of each direction, by chance. */
interface Hardship {
  readonly lostPercent?: number;
  /** Held half as long again, so that later ones overtake them. */
  readonly latePercent?: number;
}

/** Of the loopback interface, where each segment has an address of its own; those of its next round trip follow. */
const PORTS = { near: 4000, far: 4002 } as const;
const PORTS_EACH = 4;
const HELD_FRAMES = fileURLToPath(new URL('held-frames.ts', import.meta.url));
/** For what TCP sends at once. */
const BUFFER_BYTES = 1 << 21;

/**
 * A part of a site's segment that is far away: a second bridge, joined to the segment by two TAP devices. Between
 * them a process holds every frame for half of the round trip, so that addresses stay the same. netem would do the
 * same, if the kernel has it. A site can have several.
 */
export class RoundTrip {
  static readonly #counts = new WeakMap<Site, number>();
  readonly #site: Site;
  readonly #index: number;
  readonly #closing: (() => Promise<unknown>)[] = [];

  private constructor(site: Site) {
    this.#site = site;
    this.#index = RoundTrip.#counts.get(site) ?? 0;
    RoundTrip.#counts.set(site, this.#index + 1);
  }

  static async create(site: Site, milliseconds: number, hardship: Hardship = {}): Promise<RoundTrip> {
    const { lostPercent = 0, latePercent = 0 } = hardship;
    const roundTrip = new RoundTrip(site);
    site.onClose(() => roundTrip.#close());
    await sh('ip', 'link', 'add', roundTrip.#bridge, 'type', 'bridge');
    roundTrip.#closing.push(() => sh('ip', 'link', 'delete', roundTrip.#bridge));
    await sh('ip', 'link', 'set', roundTrip.#bridge, 'up');
    await roundTrip.#hold(milliseconds / 2, latePercent);
    await roundTrip.#openEnd('near', site.segment.bridge);
    await roundTrip.#openEnd('far', roundTrip.#bridge);
    if (lostPercent > 0) await roundTrip.#lose(lostPercent);
    return roundTrip;
  }

  /** Moves a namespace of the segment to the far side, with the addresses that it has. */
  async moveAway(namespace: string): Promise<void> {
    await sh('ip', 'link', 'set', this.#site.segment.port(namespace), 'master', this.#bridge);
  }

  get #bridge(): string {
    return `${this.#site.segment.bridge}far${this.#index}`;
  }

  #device(side: keyof typeof PORTS): string {
    return `${this.#site.segment.bridge}${side}tap${this.#index}`;
  }

  #port(side: keyof typeof PORTS): number {
    return PORTS[side] + this.#index * PORTS_EACH;
  }

  async #hold(milliseconds: number, latePercent: number): Promise<void> {
    const { loopback } = this.#site.segment;
    const words = [
      loopback,
      String(milliseconds),
      String(latePercent),
      ...(['near', 'far'] as const).map((side) => String(this.#port(side))),
    ];
    const holding = new Background(process.execPath, ['--import', 'tsx', HELD_FRAMES, ...words]);
    this.#closing.push(() => holding.stop());
    await eventually('frames are held', () => holding.hasEnded || holding.stdout !== '');
    if (holding.hasEnded) throw new Error(`Frames cannot be held: ${holding.stderr}`);
  }

  /** A TAP device, whose frames socat(1) exchanges with the process that holds them, a datagram for each. */
  async #openEnd(side: keyof typeof PORTS, bridge: string): Promise<void> {
    const [address, port, device] = [this.#site.segment.loopback, this.#port(side), this.#device(side)];
    const tap = `TUN,tun-type=tap,tun-name=${device},iff-no-pi,iff-up`;
    const peer = `UDP4:${address}:${port},bind=${address}:${port + 1},rcvbuf=${BUFFER_BYTES}`;
    const socat = new Background('socat', [tap, peer]);
    this.#closing.push(() => socat.stop());
    await eventually(`socat makes ${device}`, () => socat.hasEnded || isThere(device));
    if (socat.hasEnded) throw new Error(`socat could not make ${device}: ${socat.stderr}`);
    await sh('ip', 'link', 'set', device, 'master', bridge);
  }

  async #lose(percent: number): Promise<void> {
    const table = this.#bridge;
    const devices = `{ ${this.#device('near')}, ${this.#device('far')} }`;
    const chain = `type filter hook ingress devices = ${devices} priority 0; numgen random mod 100 < ${percent} drop`;
    await sh('nft', `table netdev ${table} { chain lose { ${chain}; }; }`);
    this.#closing.push(() => sh('nft', 'delete', 'table', 'netdev', table));
  }

  async #close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }
}

async function isThere(device: string): Promise<boolean> {
  return (await sh('ip', '-oneline', 'link')).includes(` ${device}: `);
}
