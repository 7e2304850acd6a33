import { Log } from '../../src/log/log.ts';

/** A log with all levels, and the lines that it wrote for the journal. */
export function keepLog(level: 'debug' | 'info' | 'warn' | 'error' = 'debug'): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: new Log({ level, addresses: 'full' }, 'journal', (line) => lines.push(line.trimEnd())) };
}
