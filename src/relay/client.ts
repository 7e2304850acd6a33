import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isMessage } from '../core/relay/wireguard-message.ts';
import { InputError } from '../core/values/errors.ts';
import { formatHostPort, type HostPort } from '../core/values/host-port.ts';
import { WAITING_BYTES } from './connection.ts';
import { Link, type LinkSurroundings } from './link.ts';
import { RECEIVE_BYTES } from './target.ts';

export interface ClientOptions {
  readonly listen: HostPort;
  readonly to: HostPort;
}

/** The other end: WireGuard sends to its UDP port, and gets what the server sends from there. */
export class RelayClient {
  readonly #options: ClientOptions;
  readonly #around: LinkSurroundings;
  readonly #socket: Socket;
  readonly #link: Link;
  /** Where WireGuard last sent from. */
  #peer: RemoteInfo | undefined;

  constructor(options: ClientOptions, around: LinkSurroundings) {
    this.#options = options;
    this.#around = around;
    const type = options.listen.host.includes(':') ? 'udp6' : 'udp4';
    // Node would resolve WireGuard's address for each message, in a later turn of the loop.
    const family = type === 'udp6' ? 6 : 4;
    this.#socket = createSocket({
      type,
      lookup: (address, _, callback) => callback(null, address, family),
      recvBufferSize: RECEIVE_BYTES,
    });
    this.#link = new Link(options.to, around, (message) => this.#deliver(message));
  }

  /** Where it listens, which is the kernel's choice if the option says port 0. */
  get port(): number {
    return this.#socket.address().port;
  }

  /** @throws InputError if it cannot listen. */
  async open(): Promise<void> {
    const { listen, to } = this.#options;
    const on = formatHostPort(listen);
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', (error: NodeJS.ErrnoException) =>
        reject(new InputError(`Cannot listen on ${on}: ${error.code ?? error.message}`, { cause: error })),
      );
      this.#socket.bind({ address: listen.host, port: listen.port, exclusive: true }, resolve);
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    this.#socket.on('message', (datagram, peer) => this.#take(datagram, peer));
    const bound = formatHostPort({ host: listen.host, port: this.port });
    this.#around.log.report('relay listening', { on: bound, to: formatHostPort(to) });
  }

  async stop(): Promise<void> {
    this.#link.stop();
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #take(datagram: Buffer, peer: RemoteInfo): void {
    if (!isMessage(datagram)) {
      this.#around.figures.dropped.form++;
      return;
    }
    this.#peer = peer;
    this.#link.send(datagram);
  }

  #deliver(message: Buffer): void {
    if (this.#peer === undefined || this.#socket.getSendQueueSize() > WAITING_BYTES)
      this.#around.figures.dropped.target++;
    else this.#socket.send(message, this.#peer.port, this.#peer.address);
  }

  /** Nobody listens where WireGuard sent from: it is being restarted. */
  #fail(reason: string): void {
    const { figures, attention } = this.#around;
    figures.dropped.target++;
    attention.report('target unreachable', { on: 'WireGuard', reason });
  }
}
