import { InputError } from '../values/errors.ts';

const LF = 0x0a;

/** Cuts a byte stream into lines of at most `maxBytes` without their LF; never holds more than one of them. */
export class MessageLines {
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The lines that `chunk` completes.
   * @throws InputError as soon as a line is too long.
   */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let bytes = Buffer.concat([this.#rest, chunk]);
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF)) {
      lines.push(this.#bounded(bytes.subarray(0, end)).toString('utf8'));
      bytes = bytes.subarray(end + 1);
    }
    this.#rest = this.#bounded(bytes);
    return lines;
  }

  /** True while the beginning of a line waits for its end. */
  get isMidLine(): boolean {
    return this.#rest.length > 0;
  }

  #bounded(line: Buffer): Buffer {
    if (line.length > this.#maxBytes) throw new InputError(`Cannot read a line: more than ${this.#maxBytes} bytes`);
    return line;
  }
}
