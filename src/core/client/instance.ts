import { InputError } from '../values/errors.ts';
import { type HostPort, parseHostPort } from '../values/host-port.ts';
import type { InterfaceName } from '../values/names.ts';
import { quote } from '../values/quote.ts';

/** What a member calls a tunnel of theirs, e.g. `members`. Made only by {@link parseInstanceName}. */
export type InstanceName = string & { readonly __brand: 'InstanceName' };

/** When WireGuard goes through TCP. */
export const OVER_TCP = ['auto', 'always', 'never'] as const;
export type OverTcp = (typeof OVER_TCP)[number];

/** Which packets go through the tunnel: those to the members' networks, all, or those that a program binds to the lease's address. */
export const TRAFFIC = ['routes', 'all', 'proxy'] as const;
export type Traffic = (typeof TRAFFIC)[number];

/** Root's file for one tunnel, `/etc/wgkex-client/NAME.toml`: what neither a gateway nor an unprivileged program can change. */
export interface Instance {
  readonly name: InstanceName;
  /** Where the exchanges are; the port is 10012 unless it says another one. */
  readonly gateways: readonly [HostPort, ...HostPort[]];
  /** As it is sent. */
  readonly domain: string;
  readonly traffic: Traffic;
  readonly overTcp: OverTcp;
  /** Of how many gateways the connection times are compared. */
  readonly sample: number;
}

export const EXCHANGE_PORT = 10_012;
/** Words of the command line. */
const RESERVED = ['join', 'status', 'down', 'up', 'leave', 'export', 'doctor', 'reach', 'run', 'help'];
/** `wg-` and a name are an interface, which has at most 15 bytes. */
const INSTANCE_NAME = /^[a-z0-9][a-z0-9_-]{0,11}$/;
/** What is longer may be an access code in the wrong place, which is a secret. */
const SHOWN_CHARACTERS = 32;

/** @throws InputError */
export function parseInstanceName(text: string): InstanceName {
  if (!INSTANCE_NAME.test(text) || RESERVED.includes(text)) {
    const shown = text.length <= SHOWN_CHARACTERS ? quote(text) : `a text of ${text.length} characters`;
    throw new InputError(`Cannot use ${shown} as a name: expected 1 to 12 of a-z, 0-9, "-" and "_", and not a command`);
  }
  return text as InstanceName;
}

export function deriveInterface(name: InstanceName): InterfaceName {
  return `wg-${name}` as InterfaceName;
}

/** Parses a gateway of the command line or of root's file. @throws InputError */
export function parseGateway(text: string): HostPort {
  return parseHostPort(text, EXCHANGE_PORT);
}
