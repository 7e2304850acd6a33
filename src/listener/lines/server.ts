import type { Socket } from 'node:net';
import { type Config, findDomain } from '../../config/config.ts';
import {
  type ErrorCode,
  type Exchange,
  formatReply,
  interpretLines,
  LOOK_MARK,
  type ReplyCode,
} from '../../core/exchange/exchange.ts';
import { SourceQuota } from '../../core/exchange/source-limits.ts';
import { deriveSources, type IpAddress, parseIpAddress, type Source } from '../../core/values/ip-address.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Attention } from '../../log/flood-guard.ts';
import { Connection, type Lines } from './connection.ts';
import { WaitingLine } from './waiting-line.ts';

/** Beyond so many sources the quietest are forgotten; some 2 MB for each kind of source. */
const SOURCES_REMEMBERED = 16_384;

type Request = Omit<Exchange, 'from'>;

/** Why a client gets no further; the rest is for the log. */
interface Refusal {
  readonly refused: ErrorCode;
  readonly domain?: DomainName;
  readonly limit?: string;
  readonly sent?: string;
}

/** What happens to connections, for whoever counts it. */
export interface ExchangeMeter {
  connected(): void;
  /** The domain is known where the two lines were good. */
  answered(domain: DomainName | undefined, code: ReplyCode, seconds: number): void;
}

/** Serves accepted connections within the limits, whichever sockets they come from. */
export class ExchangeServer {
  #config: Config;
  readonly #ask: (exchange: Exchange) => Promise<ReplyCode>;
  readonly #attention: Attention;
  readonly #meter: ExchangeMeter;
  readonly #sources: SourceQuota;
  /** Connections without a complete request. */
  readonly #reading = new WaitingLine<Connection>(() => this.#makeRoom());
  /** Connections whose request is with the handler. */
  readonly #asking = new Set<Connection>();
  /** Connections that have their reply and are about to close, the oldest first. */
  readonly #answered = new Set<Connection>();
  /** Whom the connections without a reply count against. */
  readonly #counted = new Map<Connection, Source>();
  /** Connections of `wgkex check`, which is no traffic. */
  readonly #looks = new WeakSet<Connection>();
  /** Requests that are with the handler, those of clients that went away included. */
  #unanswered = 0;
  #onIdle: (() => void) | undefined;

  constructor(
    config: Config,
    ask: (exchange: Exchange) => Promise<ReplyCode>,
    attention: Attention,
    meter: ExchangeMeter,
  ) {
    this.#config = config;
    this.#ask = ask;
    this.#attention = attention;
    this.#meter = meter;
    this.#sources = new SourceQuota(readSourceLimits(config));
  }

  /** Connections that are open, those that have their reply included. */
  get connections(): number {
    return this.#reading.size + this.#asking.size + this.#answered.size;
  }

  /** New limits and domains count for what comes from now on. */
  configure(config: Config): void {
    this.#config = config;
    this.#sources.configure(readSourceLimits(config));
  }

  accept(socket: Socket): void {
    const from = findClientAddress(socket);
    if (from === undefined) {
      socket.destroy();
      return;
    }
    const { limits } = this.#config;
    const lineLimits = { bytes: limits.line_bytes, seconds: limits.line_seconds };
    const connection: Connection = new Connection(socket, from, lineLimits, (lines) => this.#serve(connection, lines));
    connection.onClose(() => this.#forget(connection));
    this.#reading.add(connection);
    this.#meter.connected();
    if (this.#countAgainstSource(connection)) this.#makeRoom();
    else this.#refuse(connection, { refused: 'BUSY', limit: 'connections_per_source' });
  }

  /** Resolves when nothing is under way any more, after `milliseconds` at the latest. */
  async drain(milliseconds: number): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    const timer = setTimeout(() => this.#cutAll(), milliseconds);
    this.#reportIdle();
    await idle;
    clearTimeout(timer);
  }

  /** False where its source has too many connections; otherwise its end is counted, too. */
  #countAgainstSource(connection: Connection): boolean {
    const [source] = this.#findSources(connection.from);
    if (source === undefined) return true;
    if (!this.#sources.open(source)) return false;
    this.#counted.set(connection, source);
    return true;
  }

  /** Who has a reply is done, however long the goodbye takes: the next connection of its source may come. */
  #releaseSource(connection: Connection): void {
    const source = this.#counted.get(connection);
    if (source !== undefined) this.#sources.close(source);
    this.#counted.delete(connection);
  }

  /** None where the address is exempt from limits. */
  #findSources(from: IpAddress): Source[] {
    const isExempt = this.#config.limits.exempt.some((network) => network.contains(from));
    return isExempt ? [] : deriveSources(from);
  }

  /** A router sends its lines at once: who has said nothing for longest has the least claim. */
  #makeRoom(): void {
    while (this.#reading.size + this.#asking.size > this.#config.limits.connections) {
      const longestWaiting = this.#reading.findLongest();
      if (longestWaiting === undefined) return;
      this.#refuse(longestWaiting, { refused: 'BUSY', limit: 'connections' });
    }
  }

  #serve(connection: Connection, lines: Lines): void {
    const request = this.#admit(connection, lines);
    if ('refused' in request) {
      this.#refuse(connection, request);
      return;
    }
    this.#reading.delete(connection);
    this.#asking.add(connection);
    this.#unanswered++;
    void this.#ask({ ...request, from: connection.from }).then((reply) => {
      this.#unanswered--;
      this.#answer(connection, reply, request.domain);
    });
  }

  /** What goes on to the handler: a well-formed request of a source that has not had its share. */
  #admit(connection: Connection, lines: Lines): Request | Refusal {
    if (lines === 'too-long') return { refused: 'LINE_TOO_LONG' };
    const [first, second] = lines;
    const isLook = connection.isFromHere && first?.startsWith(LOOK_MARK) === true;
    if (isLook) this.#looks.add(connection);
    const said = isLook ? first.slice(LOOK_MARK.length) : first;
    const request = interpretLines(said, second, (name) => findDomain(this.#config, name)?.name);
    if ('refused' in request) return { ...request, sent: lines.join(' ') };
    const { limits } = this.#config;
    if (this.#unanswered >= limits.connections) return { refused: 'BUSY', limit: 'connections' };
    const hasToken = this.#sources.takeToken(this.#findSources(connection.from), performance.now());
    if (hasToken) return isLook ? { ...request, look: true } : request;
    return { refused: 'BUSY', domain: request.domain, limit: 'exchanges_per_source_burst' };
  }

  #refuse(connection: Connection, { refused: code, domain, ...why }: Refusal): void {
    if (!this.#looks.has(connection))
      this.#attention.info('refused', { from: connection.from, code, ...why }, { by: ['from', 'code', 'limit'] });
    this.#answer(connection, code, domain);
  }

  #answer(connection: Connection, code: ReplyCode, domain?: DomainName): void {
    const isOpen = this.#reading.delete(connection) || this.#asking.delete(connection);
    if (!isOpen) return;
    this.#releaseSource(connection);
    this.#answered.add(connection);
    if (!this.#looks.has(connection))
      this.#meter.answered(domain, code, (performance.now() - connection.sinceMilliseconds) / 1000);
    connection.answer(code === 'OK' && this.#config.quiet_success ? undefined : formatReply(code));
    this.#cutOldestAnswered();
  }

  /** Each one once: its 'close' comes later, and a batch has many replies. */
  #cutOldestAnswered(): void {
    const [oldest] = this.#answered;
    if (oldest === undefined || this.#answered.size <= this.#config.limits.connections) return;
    this.#answered.delete(oldest);
    oldest.cut();
  }

  #forget(connection: Connection): void {
    this.#releaseSource(connection);
    this.#reading.delete(connection);
    this.#asking.delete(connection);
    this.#answered.delete(connection);
    this.#reportIdle();
  }

  #reportIdle(): void {
    if (this.connections === 0) this.#onIdle?.();
  }

  #cutAll(): void {
    for (const connection of [...this.#reading, ...this.#asking]) this.#answer(connection, 'BUSY');
    for (const connection of this.#answered) connection.cut();
    this.#onIdle?.();
  }
}

/** Undefined where the client was gone before it was accepted. */
function findClientAddress({ remoteAddress }: Socket): IpAddress | undefined {
  try {
    return remoteAddress === undefined ? undefined : parseIpAddress(remoteAddress);
  } catch {
    return undefined;
  }
}

function readSourceLimits({ limits }: Config) {
  return {
    connections: limits.connections_per_source,
    burst: limits.exchanges_per_source_burst,
    perSecond: limits.exchanges_per_source_per_second,
    remembered: SOURCES_REMEMBERED,
  };
}
