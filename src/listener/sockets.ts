import { createServer, type Server, type Socket } from 'node:net';
import { InputError } from '../core/values/errors.ts';
import { formatHostPort, type HostPort } from '../core/values/host-port.ts';
import { listInheritedSockets } from '../inherited-sockets.ts';

/** The unit of the other door; every other socket that systemd passes is for the two lines. */
const HTTP_UNIT = 'wgkex-http.socket';

export type Door = 'lines' | 'http';
/** A gateway's reboot brings a thousand routers at once; the kernel caps this at net.core.somaxconn. */
const BACKLOG = 4096;

/** The listening sockets of a door: those that systemd passed, else our own. */
export class ListeningSockets {
  readonly #accept: (socket: Socket) => void;
  readonly #servers = new Map<string, Server>();
  readonly #inherited: readonly number[];
  #isClosed = false;

  constructor(accept: (socket: Socket) => void, environment: NodeJS.ProcessEnv, door: Door = 'lines') {
    this.#accept = accept;
    this.#inherited = findInherited(environment, door);
  }

  /**
   * Accepts from systemd's sockets when `isReady` resolves: until then connections wait in them, without a deadline
   * and without counting against a limit. A port of our own is opened at once, as nothing else would hold it meanwhile.
   * @throws InputError if a socket cannot be listened on.
   */
  async open(addresses: readonly HostPort[], isReady = Promise.resolve()): Promise<void> {
    if (this.hasInherited) await isReady;
    if (this.#isClosed) return;
    for (const fd of this.#inherited) await this.#listen(`descriptor ${fd}`, { fd });
    await this.configure(addresses);
  }

  /**
   * Opens the new addresses, then closes those that are gone; systemd's sockets stay as they are.
   * @throws InputError if one cannot be opened; then nothing has changed.
   */
  async configure(addresses: readonly HostPort[]): Promise<void> {
    if (this.hasInherited) return;
    const wanted = new Map(addresses.map((address) => [formatHostPort(address), address]));
    const added = [...wanted].filter(([name]) => !this.#servers.has(name));
    try {
      for (const [name, address] of added) await this.#listen(name, address);
    } catch (error) {
      for (const [name] of added) this.#close(name);
      throw error;
    }
    for (const name of this.#servers.keys()) if (!wanted.has(name)) this.#close(name);
  }

  /** Whether systemd passed some of them. */
  get hasInherited(): boolean {
    return this.#inherited.length > 0;
  }

  /** Where connections are accepted now, e.g. `[::]:10012`. */
  get names(): string[] {
    return [...this.#servers].map(([name, server]) => {
      const bound = server.address();
      return bound === null || typeof bound === 'string'
        ? name
        : formatHostPort({ host: bound.address, port: bound.port });
    });
  }

  /** Accepts no more connections; open ones continue. */
  close(): void {
    this.#isClosed = true;
    for (const name of this.#servers.keys()) this.#close(name);
  }

  #listen(name: string, where: HostPort | { readonly fd: number }): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, this.#accept);
    this.#servers.set(name, server);
    return new Promise((resolve, reject) => {
      // Once the server listens, an error means that one connection could not be accepted; it waits in the backlog.
      server.on('error', (error: NodeJS.ErrnoException) => {
        if (!server.listening) this.#servers.delete(name);
        reject(new InputError(`Cannot listen on ${name}: ${error.code ?? error.message}`, { cause: error }));
      });
      server.listen({ backlog: BACKLOG, ...where }, resolve);
    });
  }

  #close(name: string): void {
    this.#servers.get(name)?.close();
    this.#servers.delete(name);
  }
}

/** The descriptors that systemd passed for a door. */
function findInherited(environment: NodeJS.ProcessEnv, door: Door): number[] {
  return listInheritedSockets(environment, process.pid)
    .filter(({ unit }) => (unit === HTTP_UNIT) === (door === 'http'))
    .map(({ fd }) => fd);
}
