import { isIPv4 } from 'node:net';

/** The groups of 16 bits of an IPv6 address that has no zone and no dotted tail. */
function expand(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const read = (text: string) => text.split(':').flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16)]));
  const [first, last] = [read(head), read(tail ?? '')];
  return [
    ...first,
    ...Array.from({ length: tail === undefined ? 0 : 8 - first.length - last.length }, () => 0),
    ...last,
  ];
}

function prefix(address: string, bits: number): string {
  const groups = expand(address).map((group, index) => {
    const kept = Math.min(16, Math.max(0, bits - 16 * index));
    return group & (0xffff << (16 - kept)) & 0xffff;
  });
  return `${groups.map((group) => group.toString(16)).join(':')}/${bits}`;
}

/** An IPv4 address or an IPv6 /64. */
export function sourceOf(address: string): string {
  return isIPv4(address) ? address : prefix(address, 64);
}

/** An IPv4 address or an IPv6 /56. */
export function householdOf(address: string): string {
  return isIPv4(address) ? address : prefix(address, 56);
}

/** An IPv4 /24 or an IPv6 /48. */
export function siteOf(address: string): string {
  return isIPv4(address) ? `${address.replace(/\d+$/, '0')}/24` : prefix(address, 48);
}

/** The keys of each group; one without an address is in none. */
export function groupBy(
  keys: readonly string[],
  addressOf: (key: string) => string | undefined,
  groupOf: (address: string) => string,
): string[][] {
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const address = addressOf(key);
    if (address !== undefined) groups.set(groupOf(address), [...(groups.get(groupOf(address)) ?? []), key]);
  }
  return [...groups.values()];
}
