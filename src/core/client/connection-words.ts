import { describeFailure } from '../values/errors.ts';
import { formatHostPort, type HostPort } from '../values/host-port.ts';

/** What the kernel, or the resolver (getaddrinfo(3)), says of a connection, in words for a member. */
export const CONNECTION_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'no network',
  ENETDOWN: 'no network',
  EADDRNOTAVAIL: 'no network',
  EACCES: 'blocked by a local firewall',
  EPERM: 'blocked by a local firewall',
  EAI_AGAIN: 'no name server',
  ENOTFOUND: 'no such name',
  ENODATA: 'no such name',
};

/** Why there is no connection: the daemon and the doctor say the same. */
export function explainConnection(error: NodeJS.ErrnoException): string {
  return CONNECTION_WORDS[error.code ?? ''] ?? describeFailure(error);
}

export function describeNoConnection(to: HostPort, reason: string): string {
  return `no TCP connection to ${formatHostPort(to)}: ${reason}`;
}

export function describeNoAddresses(host: string, reason: string): string {
  return `no addresses of ${host}: ${reason}`;
}
