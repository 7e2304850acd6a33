import type { Config } from '../../config/config.ts';
import { describeError } from '../../core/values/errors.ts';
import { Log } from '../../log/log.ts';
import { writeJournal } from '../../system/host/journal.ts';
import { complain } from '../terminal/print.ts';

/**
 * A log for the journal, where `wgkex show` finds it, whatever the log level of the service. Warnings also go to the
 * operator at once.
 */
export class EditLog extends Log {
  readonly lines: readonly string[];

  constructor(settings: Config['log']) {
    const lines: string[] = [];
    super({ ...settings, level: 'info' }, 'journal', (line) => {
      // A fault of a list turns up once for each domain.
      if (lines.includes(line)) return;
      lines.push(line);
      const [, warning] = /^<[0-4]>(.*)$/m.exec(line) ?? [];
      if (warning !== undefined) complain(warning);
    });
    this.lines = lines;
  }

  /** The edit stands even if the journal does not accept the lines. */
  async write(): Promise<void> {
    await writeJournal(this.lines).catch((error) => complain(describeError(error)));
  }
}
