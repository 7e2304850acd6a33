/**
 * A limit for how long something may take to come in by a socket or a pipe. It counts a turn of the event loop late, in
 * which what has come is read: the timers of a process that was not scheduled for a while fire first.
 */
export class Deadline {
  readonly #timer: NodeJS.Timeout;
  #turn: NodeJS.Immediate | undefined;

  constructor(milliseconds: number, onExpiry: () => void) {
    this.#timer = setTimeout(() => {
      this.#turn = setImmediate(onExpiry);
    }, milliseconds);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }
}
