import { createInterface, type Interface } from 'node:readline';

/** Questions on a terminal. Lines that were typed ahead answer later questions. */
export class Questions {
  readonly #reader: Interface;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    this.#reader = createInterface({ input: process.stdin, output: process.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** True only for a clear yes; undefined if there will be no more answers, as after Ctrl-C. */
  async ask(question: string): Promise<boolean | undefined> {
    this.#reader.setPrompt(`${question} [y/N] `);
    this.#reader.prompt();
    const { done, value } = await this.#lines.next();
    return done === true ? undefined : /^\s*y(es)?\s*$/i.test(value);
  }

  close(): void {
    this.#reader.close();
  }
}
