import type { Server, Socket } from 'node:net';
import { SourceQuota } from '../core/exchange/source-limits.ts';
import { deriveLocalAddress, isIpv4Loopback } from '../core/relay/local-address.ts';
import { isForPeer } from '../core/relay/wireguard-message.ts';
import { formatHostPort, type HostPort } from '../core/values/host-port.ts';
import { deriveSources, type IpAddress, parseIpAddress, type parseNetwork } from '../core/values/ip-address.ts';
import type { Events } from '../log/events.ts';
import type { Attention } from '../log/flood-guard.ts';
import { Connection } from './connection.ts';
import type { Figures, Limit } from './figures.ts';
import { listen } from './sockets.ts';
import { Target } from './target.ts';

/** As at the exchange: some 2 MB; beyond that the quietest source is forgotten. */
const SOURCES_REMEMBERED = 16_384;
/** As at the exchange, for new connections. */
const RATE = { burst: 60, perSecond: 1 };

export interface ServerOptions {
  /** Undefined if systemd passes the sockets. */
  readonly listen?: HostPort;
  readonly to: HostPort;
  readonly connections: number;
  readonly connectionsPerSource: number;
  /** Networks that only the limit of all connections applies to. */
  readonly exempt?: readonly ReturnType<typeof parseNetwork>[];
}

export interface Surroundings {
  readonly log: Events;
  readonly attention: Attention;
  readonly figures: Figures;
  readonly silentSeconds?: number;
}

/** The gateway's end: carries the messages of many TCP connections to one WireGuard interface, and nothing else. */
export class RelayServer {
  readonly #options: ServerOptions;
  readonly #around: Surroundings;
  readonly #sources: SourceQuota;
  readonly #connections = new Set<Connection>();
  /**
   * Those to which WireGuard has sent nothing that only a peer gets, the oldest first: connections of strangers stay
   * here.
   */
  readonly #strangers = new Set<Connection>();
  #servers: readonly Server[] = [];

  constructor(options: ServerOptions, around: Surroundings) {
    this.#options = options;
    this.#around = around;
    const { connectionsPerSource: connections } = options;
    this.#sources = new SourceQuota({ connections, ...RATE, remembered: SOURCES_REMEMBERED });
  }

  /** @throws InputError if it cannot listen. */
  async open(environment: NodeJS.ProcessEnv): Promise<void> {
    const { servers, on } = await listen(this.#options.listen, environment, (socket) => this.#accept(socket));
    this.#servers = servers;
    this.#around.log.report('relay listening', { on, to: formatHostPort(this.#options.to) });
  }

  /** Resolves when all connections are closed. */
  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.close('the relay stops');
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #accept(socket: Socket): void {
    const from = findAddress(socket);
    if (from === undefined) return void socket.destroy();
    const isExempt = this.#options.exempt?.some((network) => network.contains(from)) ?? false;
    const limit = this.#takeShare(from, isExempt);
    if (limit === undefined) this.#serve(socket, from, isExempt);
    else this.#refuse(socket, from, limit);
  }

  /** Counts a connection; the limit that it would break, if there is one. */
  #takeShare(from: IpAddress, isExempt: boolean): Limit | undefined {
    const sources = isExempt ? [] : deriveSources(from);
    const [source] = sources;
    if (!this.#sources.takeToken(sources, performance.now())) return 'rate';
    if (source !== undefined && !this.#sources.open(source)) return 'connections-per-source';
    if (this.#connections.size < this.#options.connections) return undefined;
    const [stranger] = this.#strangers;
    if (stranger === undefined && source !== undefined) this.#sources.close(source);
    if (stranger === undefined) return 'connections';
    stranger.close('a newer connection evicted it');
    return undefined;
  }

  #refuse(socket: Socket, from: IpAddress, limit: Limit): void {
    const { attention, figures } = this.#around;
    figures.refused[limit]++;
    attention.report('relay refused', { from, limit });
    socket.on('error', () => {});
    socket.destroy();
  }

  #serve(socket: Socket, from: IpAddress, isExempt: boolean): void {
    const { figures, silentSeconds } = this.#around;
    // A proxy's clients differ only in their ports.
    const speaker = isExempt ? `${from} ${socket.remotePort}` : deriveSources(from)[0];
    let target: Target | undefined;
    const deliver = (message: Buffer) => {
      target ??= this.#openTarget(connection, speaker ?? from);
      target.send(message);
    };
    const closed = (reason: string) => {
      target?.close();
      this.#reportClosed(from, connection, reason);
      this.#connections.delete(connection);
      this.#strangers.delete(connection);
      figures.connections--;
      const [source] = isExempt ? [] : deriveSources(from);
      if (source !== undefined) this.#sources.close(source);
    };
    const connection: Connection = new Connection(socket, { deliver, closed }, figures, silentSeconds);
    this.#connections.add(connection);
    this.#strangers.add(connection);
    figures.connections++;
    figures.opened++;
  }

  /** Only once the client has sent a message, so that silent connections need no second descriptor. */
  #openTarget(connection: Connection, speaker: string): Target {
    const { to } = this.#options;
    const from = isIpv4Loopback(to.host) ? deriveLocalAddress(speaker) : undefined;
    return new Target(to, from, {
      take: (datagram) => {
        if (isForPeer(datagram)) this.#strangers.delete(connection);
        connection.send(datagram);
      },
      drop: (why) => connection.drop(why),
      failed: (reason) => {
        connection.drop('target');
        this.#around.attention.report('target unreachable', { on: formatHostPort(to), reason });
      },
    });
  }

  /** One line for each connection of a peer; those of strangers are counted: they can connect as often as they like. */
  #reportClosed(from: IpAddress, connection: Connection, reason: string): void {
    const { log, attention } = this.#around;
    const fields = { from, ...connection.summary, reason };
    if (this.#strangers.has(connection)) attention.report('relay closed', fields, { by: ['from', 'reason'] });
    else log.report('relay closed', fields);
  }
}

/** Undefined if the client was gone before it was accepted. */
function findAddress({ remoteAddress }: Socket): IpAddress | undefined {
  return remoteAddress === undefined ? undefined : parseIpAddress(remoteAddress);
}
