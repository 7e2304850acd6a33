/** Lines as `bridge -batch -` and `ip -batch -` read them. */
export function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
