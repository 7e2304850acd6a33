import type { Socket } from 'node:net';
import { buildFrames, FrameReader, LENGTH_BYTES } from '../core/relay/framing.ts';
import { InitiationLimit } from '../core/relay/initiation-limit.ts';
import { isInitiation, isMessage } from '../core/relay/wireguard-message.ts';
import type { Drop, Figures } from './figures.ts';

/** What may wait for a TCP connection; UDP would drop the rest, too, and WireGuard expects that. */
export const WAITING_BYTES = 256 * 1024;
/** WireGuard answers everything within 10 s, so a connection that is silent for longer is at rest or dead. */
export const SILENT_SECONDS = 130;

/** What a connection leads to on this machine. */
export interface Outlet {
  /** A message from the other end. */
  deliver(message: Buffer): void;
  closed(reason: string): void;
}

/** A TCP connection as a way for WireGuard's messages: framed, checked, and bounded in both directions. */
export class Connection {
  readonly #socket: Socket;
  readonly #outlet: Outlet;
  readonly #figures: Figures;
  readonly #reader = new FrameReader();
  readonly #initiations = { in: new InitiationLimit(), out: new InitiationLimit() };
  readonly #silence: NodeJS.Timeout;
  readonly #since = performance.now();
  /** The messages of this turn of the loop, and their bytes with the lengths. */
  #turn: Buffer[] = [];
  #turnBytes = 0;
  #received = 0;
  #sent = 0;
  #dropped = 0;
  #isOver = false;

  constructor(socket: Socket, outlet: Outlet, figures: Figures, silentSeconds = SILENT_SECONDS) {
    this.#socket = socket;
    this.#outlet = outlet;
    this.#figures = figures;
    this.#silence = setTimeout(() => this.close(`silent for ${silentSeconds} s`), silentSeconds * 1000);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('end', () => this.close('the other side closed it'));
    socket.on('error', (error: NodeJS.ErrnoException) => this.close(error.code ?? error.message));
    socket.on('close', () => this.close('closed'));
  }

  /** Whether anything that WireGuard could have sent has arrived. */
  get hasReceived(): boolean {
    return this.#received > 0;
  }

  /** What its line in the log says. */
  get summary() {
    return {
      seconds: Math.round((performance.now() - this.#since) / 1000),
      received: this.#received,
      sent: this.#sent,
      dropped: this.#dropped,
    };
  }

  /** Sends a message to the other end, together with the others of this turn of the loop. */
  send(message: Buffer): void {
    const size = LENGTH_BYTES + message.length;
    if (!isMessage(message)) this.drop('form');
    else if (isInitiation(message) && !this.#initiations.out.take(performance.now())) this.drop('initiations');
    else if (this.#turnBytes + this.#socket.writableLength + size > WAITING_BYTES) this.drop('waiting');
    else {
      if (this.#turn.length === 0) setImmediate(() => this.#write());
      this.#turn.push(message);
      this.#turnBytes += size;
    }
  }

  drop(why: Drop): void {
    this.#dropped++;
    this.#figures.dropped[why]++;
  }

  /** Only the first reason counts; the outlet gets it at once. */
  close(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#silence);
    this.#socket.destroy();
    this.#outlet.closed(reason);
  }

  #write(): void {
    const [messages, bytes] = [this.#turn, this.#turnBytes];
    this.#turn = [];
    this.#turnBytes = 0;
    if (this.#socket.destroyed) return;
    this.#socket.write(buildFrames(messages, bytes));
    const carried = bytes - messages.length * LENGTH_BYTES;
    this.#sent += carried;
    this.#figures.sent.messages += messages.length;
    this.#figures.sent.bytes += carried;
  }

  #receive(chunk: Buffer): void {
    this.#silence.refresh();
    if (!this.#reader.push(chunk, (message) => this.#take(message))) this.close('it sent what is not WireGuard');
  }

  #take(message: Buffer): void {
    this.#received += message.length;
    this.#figures.received.messages++;
    this.#figures.received.bytes += message.length;
    if (isInitiation(message) && !this.#initiations.in.take(performance.now())) this.drop('initiations');
    else this.#outlet.deliver(message);
  }
}
