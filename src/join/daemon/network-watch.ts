/** Says whether the machine is in another network than when it was last asked. */
export class NetworkWatch {
  readonly #describe: () => string;
  #network: string;

  constructor(describe: () => string) {
    this.#describe = describe;
    this.#network = describe();
  }

  /** True once for each change. */
  hasChanged(): boolean {
    const before = this.#network;
    this.#network = this.#describe();
    return this.#network !== before;
  }
}
