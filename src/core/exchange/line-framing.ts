/** Whether a client with these two lines has a third one. */
export type WantsThird = (first: string, second: string) => boolean;

/** The lines of a client; one that has not come is undefined. */
export type Lines = readonly [first?: string, second?: string, third?: string];
/** The state after some bytes. While more are expected, `lines` holds those that are complete. */
export type Framing = { readonly state: 'open' | 'complete'; readonly lines: Lines } | { readonly state: 'too-long' };

/** Of which the end of the stream does not end the first. */
const LINES = 2;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts a byte stream into two bounded lines, or three where the first two ask for it, ended by LF or CRLF; the end of the
 * stream also ends a line after the first one.
 * Lines are decoded as latin1, so that every byte outside ASCII stays one character; blanks around them are removed.
 * It does not matter how the bytes are split into chunks, and at most one line is kept in memory.
 */
export class LineFraming {
  readonly #maxBytes: number;
  readonly #wantsThird: WantsThird;
  readonly #lines: string[] = [];
  #count = LINES;
  readonly #line: Buffer;
  #length = 0;
  #tooLong = false;

  constructor(maxBytes: number, wantsThird: WantsThird = () => false) {
    this.#maxBytes = maxBytes;
    this.#wantsThird = wantsThird;
    // One byte more than a line may have, for the CR of its line end.
    this.#line = Buffer.alloc(maxBytes + 1);
  }

  /** Takes the next bytes; anything after the last line is ignored. */
  push(chunk: Uint8Array): Framing {
    for (const byte of chunk) {
      if (this.#isSettled()) break;
      if (byte === LF) this.#endLine(this.#line[this.#length - 1] === CR ? this.#length - 1 : this.#length);
      else this.#append(byte);
    }
    return this.progress();
  }

  /** Takes the end of the stream, which ends any line but the first one. */
  end(): Framing {
    if (!this.#isSettled() && this.#lines.length > 0 && this.#length > 0) this.#endLine(this.#length);
    return this.progress();
  }

  progress(): Framing {
    if (this.#tooLong) return { state: 'too-long' };
    const lines = this.#lines as readonly string[] as Lines;
    return { state: this.#isSettled() ? 'complete' : 'open', lines };
  }

  #isSettled(): boolean {
    return this.#tooLong || this.#lines.length === this.#count;
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
    const [first, second] = this.#lines;
    const isSecond = this.#lines.length === LINES && first !== undefined && second !== undefined;
    if (isSecond && this.#wantsThird(first, second)) this.#count = LINES + 1;
  }
}

function trimBlanks(line: string): string {
  return line.replace(/^[ \t]+|[ \t]+$/g, '');
}
