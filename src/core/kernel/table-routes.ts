import * as z from 'zod';
import { parseJsonOf } from '../values/json.ts';

/** A route of any table. */
export interface TableRoute {
  /** In CIDR notation; a host may be without its length. */
  readonly network: string;
  readonly table: number;
  readonly metric: number;
  /** Undefined for a route that leads nowhere. */
  readonly device: string | undefined;
  /** Of the next hops, as far as they have addresses. */
  readonly gateways: readonly string[];
}

/** rtnetlink(7) */
const MAIN_TABLE = 254;
const RTN_UNREACHABLE = '7';
const hop = { gateway: z.string().optional(), via: z.looseObject({ host: z.string() }).optional() };
const schema = z.array(
  z.looseObject({
    type: z.string().optional(),
    dst: z.string(),
    dev: z.string().optional(),
    table: z.union([z.string(), z.number()]).transform(Number).default(MAIN_TABLE),
    metric: z.number().default(0),
    ...hop,
    nexthops: z.array(z.looseObject({ dev: z.string().optional(), ...hop })).default([]),
  }),
);

/**
 * Parses `ip -N -json route show`, which calls the network of all addresses `default`.
 * @throws InputError for any other text.
 */
export function parseTableRoutes(text: string, everything: '0.0.0.0/0' | '::/0'): TableRoute[] {
  return parseJsonOf(schema, text, 'the routes').map(({ type, dst, dev, table, metric, nexthops, ...own }) => {
    const gateways = [own, ...nexthops].flatMap(({ gateway, via }) => gateway ?? via?.host ?? []);
    const device = type === RTN_UNREACHABLE ? undefined : (dev ?? nexthops[0]?.dev);
    return { network: dst === 'default' ? everything : dst, table, metric, device, gateways };
  });
}
