/**
 * A time limit for input from a socket or a pipe. It expires one turn of the event loop late, so that input which has
 * arrived is read first: in a process that was not scheduled for a while, timers fire before input is read.
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
