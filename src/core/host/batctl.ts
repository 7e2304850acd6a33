import * as z from 'zod';
import type { MacAddress } from '../values/derived-address.ts';
import { parseJsonOf } from '../values/json.ts';

/** A neighbour of this machine in a mesh of batman-adv. */
export interface Neighbour {
  readonly mac: MacAddress;
  /** The interface of the mesh that it is behind. */
  readonly port: string;
  readonly silentSeconds: number;
  /** The link quality with BATMAN_IV, 0 to 255; undefined if no path leads through it yet. */
  readonly tq: number | undefined;
  /** The throughput of the link with BATMAN_V, in kbit/s. */
  readonly throughput: number | undefined;
}

/** A mesh interface of batman-adv. */
export interface MeshSettings {
  /** `BATMAN_IV` or `BATMAN_V`. */
  readonly algorithm: string;
  readonly gatewayMode: string;
}

const mac = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/)
  .transform((text) => text as MacAddress);
const neighboursSchema = z.array(
  z.looseObject({
    neigh_address: mac,
    hard_ifname: z.string(),
    last_seen_msecs: z.number(),
    throughput: z.number().optional(),
  }),
);
const originatorsSchema = z.array(
  z.looseObject({ neigh_address: mac, hard_ifname: z.string(), tq: z.number().optional() }),
);
const meshSchema = z.looseObject({ algo_name: z.string(), gw_mode: z.string() });
const gatewaysSchema = z.array(z.looseObject({ orig_address: mac }));

/**
 * Parses `batctl meshif MESH neighbors_json`, and `originators_json`, which has the link qualities of BATMAN_IV: the
 * best path through a neighbour is the one to the neighbour itself.
 * @throws InputError for any other text.
 */
export function parseNeighbours(neighbours: string, originators: string): Neighbour[] {
  const qualities = new Map<string, number>();
  for (const { neigh_address, hard_ifname, tq = 0 } of parseJsonOf(originatorsSchema, originators, 'the originators')) {
    const link = `${neigh_address} ${hard_ifname}`;
    qualities.set(link, Math.max(tq, qualities.get(link) ?? 0));
  }
  return parseJsonOf(neighboursSchema, neighbours, 'the neighbours').map((one) => ({
    mac: one.neigh_address,
    port: one.hard_ifname,
    silentSeconds: one.last_seen_msecs / 1000,
    tq: one.throughput === undefined ? qualities.get(`${one.neigh_address} ${one.hard_ifname}`) : undefined,
    throughput: one.throughput,
  }));
}

/** Parses `batctl meshif MESH mesh_json`. @throws InputError for any other text. */
export function parseMeshSettings(text: string): MeshSettings {
  const { algo_name, gw_mode } = parseJsonOf(meshSchema, text, 'the mesh');
  return { algorithm: algo_name, gatewayMode: gw_mode };
}

/** The number of other gateways in `batctl meshif MESH gateways_json`. @throws InputError for any other text. */
export function countGateways(text: string): number {
  return new Set(parseJsonOf(gatewaysSchema, text, 'the gateways').map(({ orig_address }) => orig_address)).size;
}
