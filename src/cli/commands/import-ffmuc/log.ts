import type { FfmucConfig } from './ffmuc-config.ts';
import type { Note, Part } from './part.ts';

/** The levels of Python, with those of wgkex. */
const LEVELS = new Map<unknown, string>([
  ['DEBUG', 'debug'],
  ['INFO', 'info'],
  ['WARN', 'warn'],
  ['WARNING', 'warn'],
  ['ERROR', 'error'],
  ['CRITICAL', 'error'],
  ['FATAL', 'error'],
]);

/** `[log]`. */
export function translateLog({ log_level: word, logging_config: python }: FfmucConfig): Part {
  const { root } = (python ?? {}) as { root?: { level?: unknown } | null };
  const given = root?.level ?? word ?? undefined;
  const level = LEVELS.get(given);
  const notes: Note[] = [];
  if (given !== undefined && level === undefined)
    notes.push({ setting: 'log_level', text: 'not a level that wgkex knows: it logs from "info" on' });
  if (python !== undefined && python !== null)
    notes.push({ setting: 'logging_config', text: 'nothing but the level of root; wgkex logs to the journal' });
  return { tables: level === undefined ? [] : [{ name: 'log', settings: [['level', level]] }], notes };
}
