/** The state after some bytes. While more are expected, `lines` holds the complete line, if there is one. */
export type Framing =
  | { readonly state: 'open' | 'complete'; readonly lines: readonly [first?: string, second?: string] }
  | { readonly state: 'too-long' };

const LINES = 2;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts a byte stream into two bounded lines, ended by LF or CRLF; the end of the stream also ends the second one.
 * Lines are decoded as latin1, so that every byte outside ASCII stays one character; blanks around them are removed.
 * It does not matter how the bytes are split into chunks, and at most one line is kept in memory.
 */
export class LineFraming {
  readonly #maxBytes: number;
  readonly #lines: [first?: string, second?: string] = [];
  readonly #line: Buffer;
  #length = 0;
  #tooLong = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    // One byte more than a line may have, for the CR of its line end.
    this.#line = Buffer.alloc(maxBytes + 1);
  }

  /** Takes the next bytes; anything after the second line is ignored. */
  push(chunk: Uint8Array): Framing {
    for (const byte of chunk) {
      if (this.#isSettled()) break;
      if (byte === LF) this.#endLine(this.#line[this.#length - 1] === CR ? this.#length - 1 : this.#length);
      else this.#append(byte);
    }
    return this.progress();
  }

  /** Takes the end of the stream, which ends a second line but not a first one. */
  end(): Framing {
    if (!this.#isSettled() && this.#lines.length === LINES - 1 && this.#length > 0) this.#endLine(this.#length);
    return this.progress();
  }

  progress(): Framing {
    if (this.#tooLong) return { state: 'too-long' };
    return { state: this.#lines.length === LINES ? 'complete' : 'open', lines: this.#lines };
  }

  #isSettled(): boolean {
    return this.#tooLong || this.#lines.length === LINES;
  }

  #append(byte: number): void {
    const fits = this.#length < this.#maxBytes || (this.#length === this.#maxBytes && byte === CR);
    if (fits) this.#line[this.#length++] = byte;
    else this.#tooLong = true;
  }

  #endLine(length: number): void {
    if (length > this.#maxBytes) {
      this.#tooLong = true;
      return;
    }
    this.#lines.push(trimBlanks(this.#line.toString('latin1', 0, length)));
    this.#length = 0;
  }
}

function trimBlanks(line: string): string {
  return line.replace(/^[ \t]+|[ \t]+$/g, '');
}
