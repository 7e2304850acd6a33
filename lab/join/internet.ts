import { writeFile } from 'node:fs/promises';
import { ipBatch } from '../commands.ts';
import type { Segment } from '../network.ts';

const FORWARDING = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding'];

/**
 * Gives a namespace of a segment a way to all others: the test's own namespace, which has an address in each segment,
 * is the router between them.
 */
export async function addWayOut(segment: Segment, namespace: string): Promise<void> {
  for (const file of FORWARDING) await writeFile(file, '1');
  await ipBatch(namespace, ...listWaysOut(segment).map((route) => `route replace ${route}`));
}

/** Takes them away again, both families. */
export async function removeWayOut(segment: Segment, namespace: string): Promise<void> {
  await ipBatch(namespace, ...listWaysOut(segment).map((route) => `route delete ${route}`));
}

/** The router's addresses in a segment. */
export function findRouter(segment: Segment): { readonly ipv4: string; readonly ipv6: string } {
  return { ipv4: segment.ipv4('0.2'), ipv6: segment.ipv6('0::2') };
}

function listWaysOut(segment: Segment): string[] {
  return Object.values(findRouter(segment)).map((router) => `default via ${router} dev uplink`);
}
