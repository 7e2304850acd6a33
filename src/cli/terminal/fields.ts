import type { Terminal } from './terminal.ts';
import { fold } from './words.ts';

const MARGIN = '  ';

/** Names and values, each on one line or more: `  endpoint   192.0.2.7`. */
export function renderFields(fields: readonly (readonly [string, string])[], { width, paint }: Terminal): string[] {
  const room = Math.max(0, ...fields.map(([name]) => name.length));
  return fields.flatMap(([name, value]) => {
    const indent = ' '.repeat(MARGIN.length + room + MARGIN.length);
    const [first = '', ...others] = fold(value, width - indent.length, '');
    return [`${MARGIN}${paint('faint', name.padEnd(room))}${MARGIN}${first}`, ...others.map((line) => indent + line)];
  });
}
