import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';

/**
 * The client that trusted proxies name in X-Forwarded-For, whose values are joined by commas: the last address that is
 * not a trusted proxy's, as only what they appended themselves is true. Undefined if that is not an address, or if there
 * is none.
 */
export function findForwardedClient(
  header: string | undefined,
  isTrusted: (address: IpAddress) => boolean,
): IpAddress | undefined {
  for (const entry of (header ?? '').split(',').reverse()) {
    const address = parseEntry(entry.trim());
    if (address === undefined || !isTrusted(address)) return address;
  }
  return undefined;
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`. */
function parseEntry(entry: string): IpAddress | undefined {
  const [, bracketed, dotted] = entry.match(/^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/) ?? [];
  try {
    return parseIpAddress(bracketed ?? dotted ?? entry);
  } catch {
    return undefined;
  }
}
