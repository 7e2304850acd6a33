/** Node's loop accepts connections in one turn, and reads from them in the next. */
const TURNS_TO_READ = 2;

/**
 * Those that wait, the longest first. Thousands can be accepted in one turn of the loop, and their lines may already be
 * there, so one that has not been read from is never found. `onTurn` is called when there may be a new one to find.
 */
export class WaitingLine<T> {
  readonly #onTurn: () => void;
  /** Each of them with the turn in which it was added. */
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

  /** The one that has waited longest, once it has been read from. */
  findLongest(): T | undefined {
    const [first] = this.#turns;
    if (first === undefined) return undefined;
    const [one, turn] = first;
    return this.#turn - turn >= TURNS_TO_READ ? one : undefined;
  }

  /** Turns are counted only while some have not been read from yet. */
  #awaitTurn(): void {
    setImmediate(() => {
      this.#turn++;
      if (this.#turn < this.#lastTurn) this.#awaitTurn();
      this.#onTurn();
    });
  }
}
