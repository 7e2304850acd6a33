import * as z from 'zod';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';

/** The settings that a VXLAN interface was created with. */
interface VxlanDetails {
  /** The interface that its packets leave through. */
  readonly link: string | undefined;
  /** The source address of its packets. */
  readonly local: IpAddress | undefined;
  /** Whether it learns which destination a MAC address is behind. */
  readonly isLearning: boolean;
}

/** A network interface as far as a tunnel depends on it. */
export interface LinkDetails {
  readonly name: string;
  /** As ip-link(8) calls it; undefined for hardware. wireguard-go serves its interfaces through `tun`. */
  readonly kind: string | undefined;
  readonly isUp: boolean;
  /** In bytes. */
  readonly mtu: number;
  /** The bridge or mesh that it is part of. */
  readonly master?: string | undefined;
  /** Only where `kind` is `vxlan`. */
  readonly vxlan: VxlanDetails | undefined;
}

const vxlanSchema = z.looseObject({
  link: z.string().optional(),
  local: z.string().optional(),
  local6: z.string().optional(),
  learning: z.boolean(),
});
const linkinfoSchema = z.looseObject({ info_kind: z.string().optional(), info_data: z.unknown().optional() });
const detailsSchema = z.array(
  z
    .looseObject({
      ifname: z.string(),
      flags: z.array(z.string()),
      mtu: z.number(),
      master: z.string().optional(),
      linkinfo: linkinfoSchema.optional(),
    })
    .transform(({ ifname, flags, mtu, master, linkinfo }) => ({
      name: ifname,
      kind: linkinfo?.info_kind,
      isUp: flags.includes('UP'),
      mtu,
      master,
      data: linkinfo?.info_data,
    })),
);

/**
 * Parses `ip -json -details link show`.
 * @throws InputError for any other text.
 */
export function parseLinkDetails(text: string): LinkDetails[] {
  return parseJsonOf(detailsSchema, text, 'the network interfaces').map(({ data, ...link }) => ({
    ...link,
    vxlan: link.kind === 'vxlan' ? parseVxlan(data) : undefined,
  }));
}

function parseVxlan(data: unknown): VxlanDetails {
  const { link, local, local6, learning } = parseJsonOf(vxlanSchema, JSON.stringify(data ?? null), 'a VXLAN interface');
  const from = local6 ?? local;
  return { link, local: from === undefined ? undefined : parseIpAddress(from), isLearning: learning };
}
