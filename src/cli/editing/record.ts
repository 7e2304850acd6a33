import type { Config } from '../../config.ts';
import { describeError } from '../../errors.ts';
import { Log } from '../../log.ts';
import { writeJournal } from '../../system/journal.ts';
import { complain } from '../rendering/print.ts';

/** Events for the journal, where `wgkex show` finds them. What goes wrong the operator learns at once. */
export class Record {
  readonly log: Log;
  readonly #lines: string[] = [];

  constructor(settings: Config['log']) {
    this.log = new Log(settings, 'journal', (line) => this.#note(line));
  }

  /** What was done is done, whether the journal takes it or not. */
  async write(): Promise<void> {
    await writeJournal(this.#lines).catch((error) => complain(describeError(error)));
  }

  #note(line: string): void {
    this.#lines.push(line);
    const [, warning] = /^<[0-4]>(.*)$/m.exec(line) ?? [];
    if (warning !== undefined) complain(warning);
  }
}
