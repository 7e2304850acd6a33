import type { Config } from '../../config/config.ts';
import { describeError } from '../../core/values/errors.ts';
import { Log } from '../../log/log.ts';
import { writeJournal } from '../../system/host/journal.ts';
import { complain } from '../terminal/print.ts';

/**
 * A log that goes to the journal, where `wgkex show` finds it, whatever the level of the service. What goes wrong the
 * operator learns at once.
 */
export class EditLog extends Log {
  readonly lines: readonly string[];

  constructor(settings: Config['log']) {
    const lines: string[] = [];
    super({ ...settings, level: 'info' }, 'journal', (line) => {
      // What is wrong with the list is found once for each domain.
      if (lines.includes(line)) return;
      lines.push(line);
      const [, warning] = /^<[0-4]>(.*)$/m.exec(line) ?? [];
      if (warning !== undefined) complain(warning);
    });
    this.lines = lines;
  }

  /** What was done is done, whether the journal takes it or not. */
  async write(): Promise<void> {
    await writeJournal(this.lines).catch((error) => complain(describeError(error)));
  }
}
