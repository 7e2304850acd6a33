import { fstatSync, openSync, readFileSync } from 'node:fs';
import { eventually } from '../lab/commands.ts';
import { NotSeenError, type Style, say, showLog } from './terminal.ts';

const FILE = '/run/journal';
const FOLLOW_MILLISECONDS = 200;

/** By sd-daemon(3) priority; what is not named here is an everyday event. */
const STYLES: Record<string, Style> = { '<4>': 'warning', '<3>': 'error' };

/** A file in place of systemd's journal: wgkex's programs write their log to it. */
export class Journal {
  readonly fd = openSync(FILE, 'a');
  /** How systemd tells a service that its standard error is the journal. */
  readonly environment: Record<string, string>;
  #shownLines = 0;
  #end: string | undefined;

  constructor() {
    const { dev, ino } = fstatSync(this.fd);
    this.environment = { JOURNAL_STREAM: `${dev}:${ino}` };
  }

  /** Remembers that the service ended, and how: awaited events will not come. */
  end(how: string): void {
    this.#end = how;
  }

  /**
   * Shows the new lines as soon as there is one for each of the `awaited` events; returns them.
   * @throws NotSeenError if the service ended instead
   */
  async show(...awaited: string[]): Promise<string[]> {
    const hasCome = () => {
      const end = this.#end;
      const lines = this.#readNew().map(stripPriority);
      const isComplete = awaited.every((event) => lines.some((line) => line.startsWith(event)));
      if (!isComplete && end !== undefined) throw new NotSeenError(end);
      return isComplete;
    };
    await eventually(`the log says "${awaited.join('" and "')}"`, hasCome);
    return this.#showNew();
  }

  /** Shows the lines that nobody awaited. */
  showRest(): void {
    if (this.#readNew().length > 0) say('The log of the service since then:');
    this.#showNew();
  }

  /** Shows new lines for as long as this process lives. */
  follow(): void {
    setInterval(() => this.#showNew(), FOLLOW_MILLISECONDS);
  }

  #showNew(): string[] {
    const lines = this.#readNew();
    this.#shownLines += lines.length;
    for (const line of lines) showLog(stripPriority(line), STYLES[line.slice(0, 3)] ?? 'log');
    return lines.map(stripPriority);
  }

  #readNew(): string[] {
    return readFileSync(FILE, 'utf8').split('\n').slice(this.#shownLines, -1);
  }
}

function stripPriority(line: string): string {
  return line.replace(/^<\d>/, '');
}
