/** Node's loop accepts connections in one turn, and reads from them in the next. */
const TURNS_TO_READ = 2;

/**
 * Who waits, the longest first. Thousands can be accepted in one turn of the loop, and what they sent may be there
 * already: so nobody is found here who was not read from. `onTurn` is called when there may be somebody new to find.
 */
export class WaitingLine<T> {
  readonly #onTurn: () => void;
  /** With the turn in which each of them came. */
  readonly #turns = new Map<T, number>();
  #turn = 0;
  #lastTurn = 0;

  constructor(onTurn: () => void) {
    this.#onTurn = onTurn;
  }

  get size(): number {
    return this.#turns.size;
  }

  add(one: T): void {
    this.#turns.set(one, this.#turn);
    if (this.#turn === this.#lastTurn) this.#awaitTurn();
    this.#lastTurn = this.#turn + TURNS_TO_READ;
  }

  /** True if it was there. */
  delete(one: T): boolean {
    return this.#turns.delete(one);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#turns.keys();
  }

  /** The one that waits longest, once it was read from. */
  findLongest(): T | undefined {
    const [first] = this.#turns;
    if (first === undefined) return undefined;
    const [one, turn] = first;
    return this.#turn - turn >= TURNS_TO_READ ? one : undefined;
  }

  /** Turns are counted only while somebody waits to be read from. */
  #awaitTurn(): void {
    setImmediate(() => {
      this.#turn++;
      if (this.#turn < this.#lastTurn) this.#awaitTurn();
      this.#onTurn();
    });
  }
}
