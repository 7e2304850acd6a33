import * as z from 'zod';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';

const routesSchema = z.array(z.looseObject({ dst: z.string() }));

/**
 * Parses `ip -6 -json route show`, which prints a host route without its length; networks are left out.
 * @throws InputError for any other text.
 */
export function parseHostRoutes(text: string): IpAddress[] {
  const routes = parseJsonOf(routesSchema, text, 'the routes');
  return routes.filter(({ dst }) => dst !== 'default' && !dst.includes('/')).map(({ dst }) => parseIpAddress(dst));
}
