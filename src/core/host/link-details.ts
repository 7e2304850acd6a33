import * as z from 'zod';
import { parseJsonOf } from '../values/json.ts';

/** A network interface. */
export interface Link {
  readonly name: string;
  /** `vxlan`, `wireguard`, `bridge`, ...; undefined for hardware. wireguard-go serves its interfaces through `tun`. */
  readonly kind: string | undefined;
  readonly isUp: boolean;
}

const linksSchema = z.array(
  z.looseObject({
    ifname: z.string(),
    flags: z.array(z.string()),
    linkinfo: z.looseObject({ info_kind: z.string().optional() }).optional(),
  }),
);

/**
 * Parses `ip -json -details link show`.
 * @throws InputError for any other text.
 */
export function parseLinks(text: string): Link[] {
  return parseJsonOf(linksSchema, text, 'the network interfaces').map(({ ifname, flags, linkinfo }) => ({
    name: ifname,
    kind: linkinfo?.info_kind,
    isUp: flags.includes('UP'),
  }));
}
