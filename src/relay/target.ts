import { createSocket, type Socket } from 'node:dgram';
import type { HostPort } from '../core/values/host-port.ts';
import { WAITING_BYTES } from './connection.ts';
import type { Drop } from './figures.ts';

/** For a burst of the other end while this process is busy; the kernel caps it at net.core.rmem_max. */
export const RECEIVE_BYTES = 1 << 20;
/** Until the socket is there, which takes a turn of the loop or two. */
const MOST_EARLY = 16;

/** The user of a target. */
interface User {
  /** A datagram from the target, and from nobody else. */
  take(datagram: Buffer): void;
  drop(why: Drop): void;
  /** Nothing listens there, or the machine cannot send there; a later message may arrive. */
  failed(reason: string): void;
}

/** A UDP socket of one connection, which leads to the target alone. */
export class Target {
  readonly #socket: Socket;
  readonly #user: User;
  #early: Buffer[] | undefined = [];

  /** `from` is the address to speak from, the kernel's choice if undefined. */
  constructor({ host, port }: HostPort, from: string | undefined, user: User) {
    this.#user = user;
    const type = host.includes(':') ? 'udp6' : 'udp4';
    this.#socket = createSocket({ type, recvBufferSize: RECEIVE_BYTES });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => user.failed(error.code ?? error.message));
    this.#socket.on('message', (datagram) => user.take(datagram));
    this.#socket.on('connect', () => this.#sendEarly());
    this.#socket.bind({ ...(from === undefined ? {} : { address: from }), port: 0, exclusive: true }, () =>
      this.#socket.connect(port, host),
    );
  }

  send(message: Buffer): void {
    if (this.#early === undefined && this.#socket.getSendQueueSize() < WAITING_BYTES) this.#socket.send(message);
    else if (this.#early !== undefined && this.#early.length < MOST_EARLY) this.#early.push(message);
    else this.#user.drop('target');
  }

  close(): void {
    this.#socket.close();
  }

  #sendEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.send(message);
  }
}
