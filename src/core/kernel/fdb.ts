import * as z from 'zod';
import { findDerivedMacs, type LinkAddress, type MacAddress } from '../values/derived-address.ts';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';
import { type InterfaceName, isInterfaceName } from '../values/names.ts';

/** `flood` carries broadcast and unknown traffic to a router, `unicast` carries traffic for its own MAC address. */
export const ENTRY_KINDS = ['flood', 'unicast'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** An entry of a VXLAN's forwarding database (FDB): frames for `mac` go to `destination` through `via`. */
export interface ForwardingEntry {
  readonly mac: MacAddress;
  readonly destination: IpAddress;
  /** Undefined for an entry that names no interface: predecessors and scripts made such entries. */
  readonly via: InterfaceName | undefined;
}

/** The all-zero MAC address stands for broadcast, multicast and unknown unicast (bridge(8)). */
export const FLOOD_MAC = '00:00:00:00:00:00' as MacAddress;

const bridgeFdbSchema = z.array(
  z.looseObject({
    mac: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
    dst: z.string().optional(),
    viaIf: z.string().optional(),
    state: z.string().optional(),
  }),
);

/**
 * Parses `bridge -json fdb show dev VXLAN`. Leaves out entries without a destination, entries whose interface is gone,
 * and entries that the kernel learned and will forget again.
 * @throws InputError for any other text.
 */
export function parseForwardingEntries(text: string): ForwardingEntry[] {
  return parseJsonOf(bridgeFdbSchema, text, 'the forwarding entries').flatMap(({ mac, dst, viaIf, state }) => {
    if (state !== 'permanent' || dst === undefined) return [];
    if (viaIf !== undefined && !isInterfaceName(viaIf)) return [];
    return [{ mac: mac as MacAddress, destination: parseIpAddress(dst), via: viaIf }];
  });
}

/** A MAC address that a VXLAN sends to a destination. */
export interface KnownMac {
  readonly mac: MacAddress;
  /** From a frame, rather than set by wgkex or by hand. */
  readonly isLearned: boolean;
}

/** Parses the same text: the MAC addresses at each destination. @throws InputError for any other text. */
export function parseKnownMacs(text: string): Map<IpAddress, KnownMac[]> {
  const known = new Map<IpAddress, KnownMac[]>();
  for (const { mac, dst, state } of parseJsonOf(bridgeFdbSchema, text, 'the forwarding entries')) {
    if (dst === undefined || mac === FLOOD_MAC) continue;
    const destination = parseIpAddress(dst);
    const one = { mac: mac as MacAddress, isLearned: state !== 'permanent' && state !== 'static' };
    known.set(destination, [...(known.get(destination) ?? []), one]);
  }
  return known;
}

/** The entries that a router needs. */
export function buildEntries(router: LinkAddress, kinds: readonly EntryKind[], via: InterfaceName): ForwardingEntry[] {
  return kinds.map((kind) => ({ mac: kind === 'flood' ? FLOOD_MAC : router.mac, destination: router.address, via }));
}

/** Whether wgkex could have made this entry: through its interface, to a derived address, for its MAC. */
export function isDerivedEntry(entry: ForwardingEntry, via: InterfaceName): boolean {
  if (entry.via !== via) return false;
  const macs = findDerivedMacs(entry.destination);
  return macs.length > 0 && (entry.mac === FLOOD_MAC || macs.includes(entry.mac));
}

/** One text per entry, equal for equal entries. */
export function identifyEntry({ mac, destination, via }: ForwardingEntry): string {
  return `${mac} ${destination} ${via ?? '-'}`;
}
