import { emitKeypressEvents, type Interface, type Key } from 'node:readline';
import { onExit } from 'signal-exit';

/** Private modes of xterm: the alternate screen; no cursor; the terminal cuts lines that are too long. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
/** ECMA-48. */
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
/** Esc alone is a key, and also the first character of others, which a slow line may bring in pieces. */
const ESCAPE_MILLISECONDS = 50;

interface Content {
  /** The lines to show. Lines that the terminal has no room for are left out. */
  readonly render: () => readonly string[];
  /** Called for each key: a character, or a name such as `up`, `f1`, `escape` or `ctrl-c`. */
  readonly press: (key: string) => void;
}

/** Takes over the whole terminal until it is closed or the process ends in any way; then restores the terminal. */
export class Screen {
  readonly #content: Content;
  readonly #ended = new AbortController();
  readonly #forgetExit: () => void;

  constructor(content: Content) {
    this.#content = content;
    this.#forgetExit = onExit(() => this.#restore());
    process.stdout.write(ENTER);
    process.stdout.on('resize', this.draw);
    const { stdin } = process;
    if (!stdin.isTTY) return;
    stdin.setRawMode(true);
    // Its type asks for all of an interface, of which this is all that it reads.
    emitKeypressEvents(stdin, { escapeCodeTimeout: ESCAPE_MILLISECONDS } as unknown as Interface);
    stdin.on('keypress', this.#hear).on('end', this.quit).on('error', this.quit).unref();
  }

  /** Aborted when the operator quits, or the terminal is gone. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The number of lines on the terminal. */
  get height(): number {
    return process.stdout.rows;
  }

  readonly quit = (): void => this.#ended.abort();

  /** Shows the content as it is now. This also happens when the size of the terminal changes. */
  readonly draw = (): void => {
    const lines = this.#content.render().slice(0, this.height);
    process.stdout.write(HOME + lines.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW);
  };

  close(): void {
    this.#forgetExit();
    process.stdout.off('resize', this.draw);
    process.stdin.off('keypress', this.#hear).off('end', this.quit);
    this.#restore();
  }

  readonly #hear = (text: string | undefined, { name, ctrl, meta }: Key): void => {
    const isText = text !== undefined && text.length === 1 && text >= ' ' && text !== '\x7f';
    if (ctrl) this.#content.press(`ctrl-${name}`);
    else if (isText && !meta) this.#content.press(text);
    else if (name !== undefined) this.#content.press(name);
  };

  #restore(): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(false).pause();
    process.stdout.write(LEAVE);
  }
}
