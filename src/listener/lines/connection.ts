import type { Socket } from 'node:net';
import { type Framing, LineFraming, type Lines, type WantsThird } from '../../core/exchange/line-framing.ts';
import { Deadline } from '../../handler-client/deadline.ts';
import type { Visit } from '../desk.ts';

interface LineLimits {
  readonly bytes: number;
  readonly seconds: number;
  readonly wantsThird?: WantsThird;
}

/** The lines of a client that is complete, has ended, or is out of time. */
export type SentLines = Lines | 'too-long';

/** How long an answered connection may stay open: its client must get the reply before a reset could overtake it. */
const LINGER_MILLISECONDS = 1000;

/** The most that is read from a client after its lines; Node has already read some when it stops. */
const IGNORED_BYTES = 65_536;

/**
 * One client: reads its lines within their limits and calls `onLines` once; then writes one reply.
 * A little of what follows the lines is read and thrown away, to notice an end, and because closing with unread bytes
 * would reset the connection. If a client sends more, reading stops.
 */
export class Connection {
  readonly visit: Visit;
  /** True if the client is on this machine. */
  readonly isFromHere: boolean;
  readonly #socket: Socket;
  readonly #limits: LineLimits;
  readonly #framing: LineFraming;
  readonly #onLines: (lines: SentLines) => void;
  #deadline: Deadline | undefined;
  #linger: NodeJS.Timeout | undefined;
  #linesRead = 0;
  #isReading = true;
  #ignoredBytes = 0;

  constructor(socket: Socket, visit: Visit, limits: LineLimits, onLines: (lines: SentLines) => void) {
    this.visit = visit;
    this.isFromHere = socket.remoteAddress === socket.localAddress;
    this.#socket = socket;
    this.#limits = limits;
    this.#framing = new LineFraming(limits.bytes, limits.wantsThird);
    this.#onLines = onLines;
    this.#startDeadline();
    socket.on('data', (chunk) => (this.#isReading ? this.#progress(this.#framing.push(chunk)) : this.#ignore(chunk)));
    socket.on('end', () => this.#isReading && this.#settle(this.#framing.end()));
    // Always followed by 'close'; a client that goes away is not an error.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#stopReading();
      clearTimeout(this.#linger);
    });
  }

  onClose(listener: () => void): void {
    this.#socket.on('close', listener);
  }

  /** Ends the connection with a reply, or without one. */
  answer(reply: string | undefined): void {
    this.#stopReading();
    if (reply === undefined) this.#socket.end();
    else this.#socket.end(reply);
    this.#linger = setTimeout(() => this.cut(), LINGER_MILLISECONDS);
  }

  cut(): void {
    this.#socket.destroy();
  }

  #progress(framing: Framing): void {
    if (framing.state !== 'open') this.#settle(framing);
    else if (framing.lines.length > this.#linesRead) this.#startDeadline(framing.lines.length);
  }

  #ignore({ length }: Buffer): void {
    this.#ignoredBytes += length;
    if (this.#ignoredBytes > IGNORED_BYTES) this.#socket.pause();
  }

  /** The deadline is absolute: further bytes of the same line do not restart it. */
  #startDeadline(linesRead = 0): void {
    this.#linesRead = linesRead;
    this.#deadline?.cancel();
    this.#deadline = new Deadline(this.#limits.seconds * 1000, () => this.#settle(this.#framing.progress()));
  }

  #settle(framing: Framing): void {
    this.#stopReading();
    this.#onLines(framing.state === 'too-long' ? 'too-long' : framing.lines);
  }

  #stopReading(): void {
    this.#isReading = false;
    this.#deadline?.cancel();
  }
}
