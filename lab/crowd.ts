import { writeFile } from 'node:fs/promises';
import { sh } from './commands.ts';
import type { Gateway } from './gateway.ts';

const IPV4_SOURCES = 1 << 15;

/** Does `count` jobs, `width` of them at a time; returns what they returned, in their order. */
export async function inParallel<T>(count: number, width: number, job: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await job(index);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}

/** How often each of them is there. */
export function countEach(items: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[item] = (counts[item] ?? 0) + 1;
  return counts;
}

/**
 * Tens of thousands of addresses to connect from, for the price of two routes: the upper half of a gateway's segment
 * is local to the test, and the gateway finds it behind the test's own address, without a neighbour entry for each.
 */
export class Crowd {
  readonly #gateway: Gateway;

  private constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  static async gather(gateway: Gateway): Promise<Crowd> {
    const { segment, namespace } = gateway;
    const [ipv4, ipv6] = [`${segment.ipv4('128.0')}/17`, `${segment.ipv6('8000')}::/33`];
    // bind(2) takes any address of a local route in IPv4; in IPv6 it must be told to.
    await writeFile('/proc/sys/net/ipv6/ip_nonlocal_bind', '1\n');
    await sh('ip', 'route', 'add', 'local', ipv4, 'dev', 'lo');
    await sh('ip', 'route', 'add', 'local', ipv6, 'dev', 'lo');
    await sh('ip', '-n', namespace, 'route', 'add', ipv4, 'via', segment.ipv4('0.2'));
    await sh('ip', '-n', namespace, 'route', 'add', ipv6, 'via', segment.ipv6('0::2'));
    gateway.onClose(async () => {
      await sh('ip', 'route', 'delete', 'local', ipv4, 'dev', 'lo');
      await sh('ip', 'route', 'delete', 'local', ipv6, 'dev', 'lo');
    });
    return new Crowd(gateway);
  }

  /** The IPv4 address of one of 32,768 sources. */
  ipv4(index: number): string {
    const host = index % IPV4_SOURCES;
    return this.#gateway.segment.ipv4(`${128 + (host >> 8)}.${host & 255}`);
  }

  /** An address in one of 32,768 networks of IPv6, each a /64. */
  ipv6(index: number): string {
    const network = 0x8000 + (index % IPV4_SOURCES);
    return this.#gateway.segment.ipv6(`${network.toString(16)}:0::1`);
  }
}
