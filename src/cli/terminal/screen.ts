import { onExit } from 'signal-exit';

/** Private modes of xterm: the alternate screen; no cursor; the terminal cuts lines that are too long. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
/** ECMA-48. */
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** The last one is Ctrl-C, which is an ordinary key in raw mode. */
const QUIT_KEYS = ['q', 'Q', '\x03'];

/** Takes over the whole terminal until it is closed or the process ends in any way; then restores the terminal. */
export class Screen {
  readonly #quit = new AbortController();
  readonly #forgetExit: () => void;
  #render: () => readonly string[] = () => [];

  constructor() {
    this.#forgetExit = onExit(() => this.#restore());
    process.stdout.write(ENTER);
    process.stdout.on('resize', this.#draw);
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(true);
    process.stdin.on('data', this.#hear).unref();
  }

  /** Aborted when the operator presses q or Ctrl-C. */
  get quit(): AbortSignal {
    return this.#quit.signal;
  }

  /** The number of lines on the terminal. */
  get height(): number {
    return process.stdout.rows;
  }

  /** Shows these lines, and renders them again when the size of the terminal changes. */
  show(render: () => readonly string[]): void {
    this.#render = render;
    this.#draw();
  }

  close(): void {
    this.#forgetExit();
    process.stdout.off('resize', this.#draw);
    process.stdin.off('data', this.#hear);
    this.#restore();
  }

  readonly #draw = (): void => {
    const lines = this.#render().slice(0, this.height);
    process.stdout.write(HOME + lines.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW);
  };

  readonly #hear = (typed: Buffer): void => {
    if (QUIT_KEYS.some((key) => typed.includes(key))) this.#quit.abort();
  };

  #restore(): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(false).pause();
    process.stdout.write(LEAVE);
  }
}
