import * as z from 'zod';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';

/** iproute2 6.1 prints an empty object for each interface that was not asked for. */
const addressesSchema = z.array(
  z.looseObject({ addr_info: z.array(z.looseObject({ local: z.string().optional() })).optional() }),
);

/**
 * Parses `ip -json address show dev INTERFACE`: the addresses of that interface.
 * @throws InputError for any other text.
 */
export function parseInterfaceAddresses(text: string): IpAddress[] {
  return parseJsonOf(addressesSchema, text, 'the addresses of an interface').flatMap(({ addr_info = [] }) =>
    addr_info.flatMap(({ local }) => (local === undefined ? [] : [parseIpAddress(local)])),
  );
}
