import { connect, type LookupFunction } from 'node:net';
import { derivePauseSeconds } from '../core/relay/pause.ts';
import { isInitiation } from '../core/relay/wireguard-message.ts';
import { formatHostPort, type HostPort } from '../core/values/host-port.ts';
import type { Events } from '../log/events.ts';
import type { Attention } from '../log/flood-guard.ts';
import { Connection } from './connection.ts';
import type { Figures } from './figures.ts';

const CONNECT_SECONDS = 10;
/** For each address of a name, before the next one is tried, too. */
const ATTEMPT_MILLISECONDS = 2500;
/** WireGuard asks every 5 s: then the connection has been dead for 15 s, and another one may be alive. */
const MOST_UNANSWERED = 3;

export interface LinkSurroundings {
  readonly log: Events;
  readonly attention: Attention;
  readonly figures: Figures;
  readonly silentSeconds?: number;
  /** How the name of the server becomes addresses; by default as the machine does it. */
  readonly lookup?: LookupFunction;
}

/**
 * The client's connection to its server: opened when there is something to send, and again after a growing pause when
 * it has ended. While nothing is sent, nothing runs.
 */
export class Link {
  readonly #to: HostPort;
  readonly #around: LinkSurroundings;
  readonly #deliver: (message: Buffer) => void;
  #connection: Connection | undefined;
  #isConnected = false;
  /** Connections in a row that could not be opened, or brought nothing. */
  #failures = 0;
  /** Handshakes that were asked for since something arrived. */
  #unanswered = 0;
  #notBefore = 0;
  /** The latest message of a pause, sent after it. */
  #held: Buffer | undefined;
  #pause: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(to: HostPort, around: LinkSurroundings, deliver: (message: Buffer) => void) {
    this.#to = to;
    this.#around = around;
    this.#deliver = deliver;
  }

  /** Sends a message, which is lost where UDP would lose it, too. */
  send(message: Buffer): void {
    if (isInitiation(message) && this.#isConnected && this.#unanswered++ >= MOST_UNANSWERED)
      this.#connection?.close(`no answer to ${MOST_UNANSWERED} handshakes`);
    const pause = this.#notBefore - performance.now();
    if (this.#isStopped || (this.#connection === undefined && pause > 0)) this.#hold(message, pause);
    else this.#open().send(message);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#pause);
    this.#connection?.close('the relay stops');
  }

  #hold(message: Buffer, milliseconds: number): void {
    if (this.#held !== undefined) this.#around.figures.dropped.disconnected++;
    this.#held = message;
    if (!this.#isStopped) this.#pause ??= setTimeout(() => this.#resume(), milliseconds);
  }

  #resume(): void {
    const held = this.#held;
    this.#held = undefined;
    this.#pause = undefined;
    if (held !== undefined) this.#open().send(held);
  }

  #open(): Connection {
    if (this.#connection !== undefined) return this.#connection;
    const { figures, silentSeconds, lookup } = this.#around;
    // A name is resolved again each time.
    const families = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ATTEMPT_MILLISECONDS };
    const names = lookup === undefined ? {} : { lookup };
    const socket = connect({ ...this.#to, ...families, ...names, noDelay: true });
    const late = setTimeout(() => connection.close('timed out'), CONNECT_SECONDS * 1000);
    const deliver = (message: Buffer) => this.#take(message);
    const closed = (reason: string) => {
      clearTimeout(late);
      this.#end(connection, reason);
    };
    const connection: Connection = new Connection(socket, { deliver, closed }, figures, silentSeconds);
    socket.on('connect', () => {
      clearTimeout(late);
      this.#begin();
    });
    this.#connection = connection;
    this.#unanswered = 0;
    return connection;
  }

  #begin(): void {
    const { log, figures } = this.#around;
    this.#isConnected = true;
    figures.connections++;
    figures.opened++;
    log.report('relay connected', { on: formatHostPort(this.#to) });
  }

  #take(message: Buffer): void {
    this.#failures = 0;
    this.#unanswered = 0;
    this.#deliver(message);
  }

  #end(connection: Connection, reason: string): void {
    const { log, attention, figures } = this.#around;
    const on = formatHostPort(this.#to);
    if (this.#isConnected) {
      figures.connections--;
      const fields = { on, ...connection.summary, reason };
      if (connection.hasReceived) log.report('relay closed', fields);
      else attention.report('relay closed', fields, { by: ['reason'] });
    } else attention.report('relay unreachable', { on, reason });
    const wasOfUse = connection.hasReceived || this.#unanswered > MOST_UNANSWERED;
    if (wasOfUse) this.#failures = 0;
    this.#notBefore = performance.now() + derivePauseSeconds(this.#failures, Math.random()) * 1000;
    if (!wasOfUse) this.#failures++;
    this.#connection = undefined;
    this.#isConnected = false;
  }
}
