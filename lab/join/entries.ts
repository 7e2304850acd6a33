/** A line of the log of wgkex-join, or of wgkex-tunnel behind it. */
export interface Entry {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What a program has logged so far; its other output is left out. */
export function readEntries(printed: string): Entry[] {
  const lines = printed.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as Entry);
}
