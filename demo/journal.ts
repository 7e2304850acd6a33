import { fstatSync, openSync, readFileSync } from 'node:fs';
import { eventually } from '../lab/commands.ts';
import { NotSeenError, type Style, say, showLog } from './terminal.ts';

const FILE = '/run/journal';
const FOLLOW_MILLISECONDS = 200;

/** By sd-daemon(3) priority; what is not named here is an everyday event. */
const STYLES: Record<string, Style> = { '<4>': 'warning', '<3>': 'error' };

/** A file in the journal's part: wgkex's programs write to it what systemd's journal would get. */
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

  /** Remembers that the service ended, and how: what is awaited of it will not come. */
  end(how: string): void {
    this.#end = how;
  }

  /**
   * Shows what is new as soon as there is a line for each of the `awaited` events; returns the new lines.
   * @throws NotSeenError where the service ended instead
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

  /** Shows what nobody awaited. */
  showRest(): void {
    if (this.#readNew().length > 0) say('What the service logged since then:');
    this.#showNew();
  }

  /** Shows what comes, for as long as this process lives. */
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
