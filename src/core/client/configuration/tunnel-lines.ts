import { InputError } from '../../values/errors.ts';
import { quote } from '../../values/quote.ts';

/** What may stand after the name of a setting. */
export interface Value<T> {
  readonly expected: string;
  /** Undefined for anything else. */
  find(word: string): T | undefined;
}

/** The lines of a gateway's configuration. Each is taken in its place, or refused. */
export class TunnelLines {
  readonly #lines: readonly string[];
  #taken = 0;
  /** What could have stood at the present place, too. */
  #omitted: string[] = [];

  /** @throws InputError */
  constructor(text: string) {
    this.#lines = text.replace(/\n$/, '').split('\n');
    if (text.endsWith('\n')) return;
    this.#taken = this.#lines.length - 1;
    throw this.#refuse('a line feed at its end', this.#found);
  }

  /** @throws InputError */
  takeHeader(header: string): void {
    if (this.#lines[this.#taken] !== header) throw this.#refuseLine(quote(header));
    this.#step();
  }

  /** @throws InputError */
  take<T>(start: string, value: Value<T>): T {
    const text = this.#findText(start);
    if (text === undefined) throw this.#refuseLine(describe(start));
    const found = this.#parse(start, text, value);
    this.#step();
    return found;
  }

  /** Returns undefined if the line is not there. @throws InputError */
  takeOptional<T>(start: string, value: Value<T>): T | undefined {
    if (this.#findText(start) !== undefined) return this.take(start, value);
    this.#omitted.push(describe(start));
    return undefined;
  }

  /** Takes 1 to `most` values; none if the line is not there. @throws InputError */
  takeOptionalList<T>(start: string, value: Value<T>, most: number): T[] {
    if (this.#findText(start) !== undefined) return this.takeList(start, value, most);
    this.#omitted.push(describe(start));
    return [];
  }

  /** @throws InputError */
  takeList<T>(start: string, value: Value<T>, most: number): T[] {
    const words = this.#findText(start)?.split(', ');
    if (words === undefined) throw this.#refuseLine(describe(start));
    if (words.length > most) throw this.#refuse(`at most ${most} after ${quote(start)}`, `${words.length}`);
    const found = words.map((word) => this.#parse(start, word, value));
    this.#step();
    return found;
  }

  /** @throws InputError */
  end(): void {
    if (this.#taken < this.#lines.length) throw this.#refuseLine('nothing more');
  }

  #refuse(expected: string, found: string): InputError {
    return new InputError(
      `Cannot use the gateway's configuration: line ${this.#taken + 1}: expected ${expected}, found ${found}`,
    );
  }

  #refuseLine(expected: string): InputError {
    return this.#refuse([...this.#omitted, expected].join(' or '), this.#found);
  }

  get #found(): string {
    const line = this.#lines[this.#taken];
    return line === undefined ? 'the end' : quote(line);
  }

  #findText(start: string): string | undefined {
    const line = this.#lines[this.#taken];
    return line?.startsWith(start) ? line.slice(start.length) : undefined;
  }

  #parse<T>(start: string, word: string, { expected, find }: Value<T>): T {
    const found = find(word);
    if (found === undefined) throw this.#refuse(`${expected} after ${quote(start)}`, quote(word));
    return found;
  }

  #step(): void {
    this.#taken++;
    this.#omitted = [];
  }
}

function describe(start: string): string {
  return quote(`${start}...`);
}
