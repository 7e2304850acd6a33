import * as z from 'zod';
import { type IpAddress, parseIpAddress, parseNetwork } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';

const routesSchema = z.array(z.looseObject({ dst: z.string() }));

/** An address of the network that all derived addresses belong to. */
const SOME_LINK_LOCAL: IpAddress = parseIpAddress('fe80::1:2:3:4');

/**
 * Parses `ip -6 -json route show dev INTERFACE`: whether one of the routes covers all of `fe80::/64`.
 * @throws InputError for any other text.
 */
export function hasLinkLocalRoute(text: string): boolean {
  const routes = parseJsonOf(routesSchema, text, 'the routes');
  return routes.some(({ dst }) => dst.includes('/') && parseNetwork(dst).contains(SOME_LINK_LOCAL));
}
