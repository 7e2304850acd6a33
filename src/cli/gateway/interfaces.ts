import type { Link } from '../../core/host/link-details.ts';
import type { InterfaceName } from '../../core/values/names.ts';

/** An interface of a domain, and its state. */
export interface InterfaceReading {
  readonly name: InterfaceName;
  readonly state: 'ok' | 'missing' | 'down' | 'wrong kind';
  /** Its kind, as ip-link(8) calls it; undefined for hardware and for missing interfaces. */
  readonly kind: string | undefined;
}

/** The kinds that work; wireguard-go creates a `tun`. */
const KINDS = { WireGuard: ['wireguard', 'tun'], VXLAN: ['vxlan'] } as const;
export type InterfaceRole = keyof typeof KINDS;

export function findInterface(
  name: InterfaceName,
  role: InterfaceRole,
  links: ReadonlyMap<string, Link>,
): InterfaceReading {
  const link = links.get(name);
  if (link === undefined) return { name, state: 'missing', kind: undefined };
  const { kind, isUp } = link;
  if (!KINDS[role].some((expected) => expected === kind)) return { name, state: 'wrong kind', kind };
  return { name, state: isUp ? 'ok' : 'down', kind };
}
