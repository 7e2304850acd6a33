import type { Socket } from 'node:net';
import { arrangeLines, formatReply, LOOK_MARK } from '../../core/exchange/exchange.ts';
import { findClientAddress } from '../client-address.ts';
import type { Desk, Served } from '../desk.ts';
import { WaitingLine } from '../waiting-line.ts';
import { Connection, type SentLines } from './connection.ts';

/** The door for lines: serves accepted connections within the limits, whichever sockets they come from. */
export class LinesServer {
  readonly #desk: Desk;
  /** Connections without a complete request. */
  readonly #reading = new WaitingLine<Connection>(() => this.#makeRoom());
  /** Connections whose request is with the handler. */
  readonly #asking = new Set<Connection>();
  /** Connections that have their reply and are about to close, the oldest first. */
  readonly #answered = new Set<Connection>();
  #onIdle: (() => void) | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Open connections, including those that already have their reply. */
  get connections(): number {
    return this.#reading.size + this.#asking.size + this.#answered.size;
  }

  accept(socket: Socket): void {
    const from = findClientAddress(socket);
    if (from === undefined) {
      socket.destroy();
      return;
    }
    const { limits } = this.#desk.config;
    const lineLimits = { bytes: limits.line_bytes, seconds: limits.line_seconds, wantsThird: this.#wantsThird };
    const visit = this.#desk.open(from);
    const connection: Connection = new Connection(socket, visit, lineLimits, (lines) => this.#serve(connection, lines));
    connection.onClose(() => this.#forget(connection));
    this.#reading.add(connection);
    if (this.#desk.countAgainstSource(visit)) this.#makeRoom();
    else this.#answer(connection, { code: this.#desk.refuse(visit, 'BUSY', { limit: 'connections_per_source' }) });
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

  /** A router sends its lines at once, so the connection that has waited longest without them is refused first. */
  #makeRoom(): void {
    while (this.#reading.size + this.#asking.size > this.#desk.config.limits.connections) {
      const longestWaiting = this.#reading.findLongest();
      if (longestWaiting === undefined) return;
      this.#answer(longestWaiting, { code: this.#desk.refuse(longestWaiting.visit, 'BUSY', { limit: 'connections' }) });
    }
  }

  /** Only a domain with leases does. */
  readonly #wantsThird = (first: string, second: string): boolean => {
    const { name } = arrangeLines(first, second, this.#desk.findDomainName);
    return name !== undefined && this.#desk.hasLeases(name);
  };

  #serve(connection: Connection, lines: SentLines): void {
    const { visit } = connection;
    if (lines === 'too-long') {
      this.#answer(connection, { code: this.#desk.refuse(visit, 'LINE_TOO_LONG') });
      return;
    }
    this.#reading.delete(connection);
    this.#asking.add(connection);
    const [first, second, proof] = lines;
    visit.isLook = connection.isFromHere && first?.startsWith(LOOK_MARK) === true;
    const said = visit.isLook ? first?.slice(LOOK_MARK.length) : first;
    const wanted = arrangeLines(said, second, this.#desk.findDomainName);
    void this.#desk
      .exchange(visit, { ...wanted, ...(proof && { proof }), sent: [first, second].join(' ') })
      .then((served) => this.#answer(connection, served));
  }

  #answer(connection: Connection, { code, grant }: Served): void {
    const isOpen = this.#reading.delete(connection) || this.#asking.delete(connection);
    if (!isOpen) return;
    this.#answered.add(connection);
    this.#desk.answered(connection.visit, code);
    const isSilent = code === 'OK' && grant === undefined && this.#desk.config.quiet_success;
    connection.answer(isSilent ? undefined : formatReply(code, grant));
    this.#cutOldestAnswered();
  }

  /** Cuts each connection once: its 'close' comes later, and a batch has many replies. */
  #cutOldestAnswered(): void {
    const [oldest] = this.#answered;
    if (oldest === undefined || this.#answered.size <= this.#desk.config.limits.connections) return;
    this.#answered.delete(oldest);
    oldest.cut();
  }

  #forget(connection: Connection): void {
    this.#desk.leave(connection.visit);
    this.#reading.delete(connection);
    this.#asking.delete(connection);
    this.#answered.delete(connection);
    this.#reportIdle();
  }

  #reportIdle(): void {
    if (this.connections === 0) this.#onIdle?.();
  }

  #cutAll(): void {
    for (const connection of [...this.#reading, ...this.#asking]) this.#answer(connection, { code: 'BUSY' });
    for (const connection of this.#answered) connection.cut();
    this.#onIdle?.();
  }
}
