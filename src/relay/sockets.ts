import { createServer, type Server, type Socket } from 'node:net';
import { InputError } from '../core/values/errors.ts';
import { formatHostPort, type HostPort } from '../core/values/host-port.ts';
import { listInheritedSockets } from '../inherited-sockets.ts';

/** After a restart all clients come back at once; the kernel caps this at net.core.somaxconn. */
const BACKLOG = 4096;

/** Listens on the sockets that systemd passed, else on the address. @throws InputError if it cannot. */
export async function listen(
  address: HostPort | undefined,
  environment: NodeJS.ProcessEnv,
  accept: (socket: Socket) => void,
): Promise<{ readonly servers: readonly Server[]; readonly on: string }> {
  const inherited = listInheritedSockets(environment, process.pid).map(({ fd }) => ({ name: `descriptor ${fd}`, fd }));
  const own = address === undefined ? [] : [{ name: formatHostPort(address), ...address }];
  const places = inherited.length > 0 ? inherited : own;
  if (places.length === 0) throw new InputError('Cannot listen: expected --listen, or a socket from systemd');
  const servers = await Promise.all(places.map(({ name, ...where }) => open(name, where, accept)));
  return { servers, on: servers.map(describe).join(' ') };
}

function open(name: string, where: HostPort | { readonly fd: number }, accept: (socket: Socket) => void) {
  const server = createServer({ noDelay: true }, accept);
  return new Promise<Server>((resolve, reject) => {
    // Once the server listens, an error means that one connection could not be accepted; it waits in the backlog.
    server.on('error', (error: NodeJS.ErrnoException) =>
      reject(new InputError(`Cannot listen on ${name}: ${error.code ?? error.message}`, { cause: error })),
    );
    server.listen({ backlog: BACKLOG, ...where }, () => resolve(server));
  });
}

function describe(server: Server): string {
  const bound = server.address();
  return bound === null || typeof bound === 'string'
    ? String(bound)
    : formatHostPort({ host: bound.address, port: bound.port });
}
