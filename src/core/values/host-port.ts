import { InputError } from './errors.ts';
import { quote } from './quote.ts';

/** Where a gateway listens. */
export interface HostPort {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const BRACKETED = /^\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\](?::(\d{1,5}))?$/;
const BARE_IPV6 = /^([0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*(?:%[\w.-]+)?)$/;
const NAMED = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))(?::(\d{1,5}))?$/;

/**
 * Parses `gateway.example`, `192.0.2.1:10012`, `2001:db8::1` or `[2001:db8::1]:10012`.
 * @throws InputError
 */
export function parseHostPort(text: string, defaultPort: number): HostPort {
  const [, host, port] = BRACKETED.exec(text) ?? BARE_IPV6.exec(text) ?? NAMED.exec(text) ?? [];
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || number < 1 || number > 65_535)
    throw new InputError(`Cannot use ${quote(text)} as a gateway: expected HOST, HOST:PORT or [IPV6]:PORT`);
  return { host, port: number };
}

/** `192.0.2.1:10012`, `[::]:10012`. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
