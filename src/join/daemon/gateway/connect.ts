import { connect, type Socket } from 'node:net';
import { describeNoConnection } from '../../../core/client/connection-words.ts';
import type { HostPort } from '../../../core/values/host-port.ts';
import type { IpAddress } from '../../../core/values/ip-address.ts';
import { type AttemptFailure, blame } from '../failure.ts';

/** RFC 8305, 5: the head start of an address before the next one is tried as well. */
const HEAD_START_MILLISECONDS = 250;

/** A server, by its name and by all of its addresses. */
export interface Server extends HostPort {
  readonly addresses: readonly IpAddress[];
}

/** A connection, and the address to which it leads. */
export interface Connected {
  readonly socket: Socket;
  readonly address: IpAddress;
}

/** Connections to the addresses of one host, of which the first that comes about wins; the others are closed. */
class Race {
  readonly #left: IpAddress[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #end: (outcome: Connected | AttemptFailure) => void;
  #failure: AttemptFailure | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(server: Server, end: (outcome: Connected | AttemptFailure) => void) {
    this.#left = [...server.addresses];
    this.#server = server;
    this.#end = end;
    this.#startNext();
  }

  stop(winner?: Socket): void {
    clearTimeout(this.#timer);
    this.#left.length = 0;
    for (const socket of this.#sockets) if (socket !== winner) socket.destroy();
    this.#sockets.clear();
  }

  #startNext(): void {
    clearTimeout(this.#timer);
    const address = this.#left.shift();
    if (address === undefined) return;
    const socket = connect({ host: address, port: this.#server.port, noDelay: true });
    this.#sockets.add(socket);
    socket.once('connect', () => {
      if (!this.#sockets.has(socket)) return;
      this.stop(socket);
      this.#end({ socket, address });
    });
    // It stays: an error without a listener would end the program.
    const describe = (reason: string) => describeNoConnection(this.#server, reason);
    socket.on('error', (error) => this.#fail(socket, blame(error, describe)));
    this.#timer = setTimeout(() => this.#startNext(), HEAD_START_MILLISECONDS);
  }

  /** That one family has no way to the network says nothing if the other one has. */
  #fail(socket: Socket, failure: AttemptFailure): void {
    if (!this.#sockets.delete(socket)) return;
    if (this.#failure === undefined || this.#failure.fault === 'network') this.#failure = failure;
    if (this.#left.length > 0) this.#startNext();
    else if (this.#sockets.size === 0) {
      clearTimeout(this.#timer);
      this.#end(this.#failure);
    }
  }
}

/** Connects to the address that answers first. @throws AttemptFailure, or the reason of the signal */
export function connectFirst(server: Server, signal: AbortSignal): Promise<Connected> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      race.stop();
      reject(signal.reason);
    };
    const race = new Race(server, (outcome) => {
      signal.removeEventListener('abort', abort);
      if ('socket' in outcome) resolve(outcome);
      else reject(outcome);
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
}
