/** The events of the last seconds, in steps of one second. Bounded by the number of seconds. */
export class RecentCount {
  readonly #seconds: number;
  #total = 0;
  /** The oldest first. */
  readonly #steps: { readonly second: number; count: number }[] = [];

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  note(nowMilliseconds: number): void {
    const second = Math.floor(nowMilliseconds / 1000);
    const last = this.#steps.at(-1);
    if (last?.second === second) last.count++;
    else this.#steps.push({ second, count: 1 });
    this.#total++;
    this.#drop(second);
  }

  count(nowMilliseconds: number): number {
    this.#drop(Math.floor(nowMilliseconds / 1000));
    return this.#total;
  }

  #drop(second: number): void {
    for (
      let [oldest] = this.#steps;
      oldest !== undefined && oldest.second <= second - this.#seconds;
      [oldest] = this.#steps
    ) {
      this.#total -= oldest.count;
      this.#steps.shift();
    }
  }
}
