import { fileURLToPath } from 'node:url';
import { Background, eventually } from '../commands.ts';

/** Where `bin/unpack` puts it and its libraries. */
const PROGRAMS = fileURLToPath(new URL('../../node_modules/.cache/tcpdump', import.meta.url));
/** Neighbours, their routers and groups (RFC 4861, RFC 3810), and their IPv4 counterpart: no packet leaves the segment. */
const OF_THE_SEGMENT = 'arp or (icmp6 and (ip6[40] >= 130 and ip6[40] <= 143)) or ip6[6] = 0';

/** A packet as tcpdump(8) describes it: `IP 10.1.2.1.51820 > 10.2.0.1.51820: UDP, length 148`. */
interface Packet {
  readonly text: string;
  /** Such as `10.2.0.1.51820`, or an address alone. */
  readonly to: string;
}

/** Everything that a machine sends over its cable, seen from the other end of it. */
export class Capture {
  readonly #tcpdump: Background;

  private constructor(tcpdump: Background) {
    this.#tcpdump = tcpdump;
  }

  /** `port` is the device at the other end. */
  static async start(port: string): Promise<Capture> {
    const options = ['-i', port, '-Q', 'in', '-nql', '--immediate-mode', '-Z', 'root', `not (${OF_THE_SEGMENT})`];
    const words = [`LD_LIBRARY_PATH=${PROGRAMS}`, `${PROGRAMS}/tcpdump`, ...options];
    const tcpdump = new Background('env', words);
    await eventually('tcpdump listens', () => tcpdump.hasEnded || tcpdump.stderr.includes('listening on'));
    if (tcpdump.hasEnded) throw new Error(`tcpdump ended: ${tcpdump.stderr}`);
    return new Capture(tcpdump);
  }

  get packets(): Packet[] {
    const lines = this.#tcpdump.stdout.split('\n').filter((line) => line.includes(' > '));
    return lines.map((line) => ({ text: line, to: line.match(/ > ([^ ]+):/)?.[1] ?? '' }));
  }

  /** Packets that went elsewhere, without their times, each once. */
  findOthers(isPermitted: (packet: Packet) => boolean, since = 0): string[] {
    const others = this.packets.slice(since).filter((packet) => !isPermitted(packet));
    return [...new Set(others.map(({ text }) => text.replace(/^\S+ /, '')))];
  }

  stop(): Promise<number | null> {
    return this.#tcpdump.stop();
  }
}
