/** What sudo lets a user do. */
export interface SudoRights {
  /** A rule each, as sudo prints it: `(root) NOPASSWD: /bin/true`. */
  readonly rules: readonly string[];
  /** The options that hold for single commands, by their command. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}

const RULES_HEAD = /^User \S+ may run the following commands on /;
const OPTIONS_HEAD = /^Runas and Command-specific defaults for /;

/** Parses `sudo -l -U USER`, which breaks long lines. Whatever else sudo says is no right. */
export function parseSudoRights(text: string): SudoRights {
  const rules = joinLines(findSection(text, RULES_HEAD), /^ {4}\(/);
  const defaults = joinLines(findSection(text, OPTIONS_HEAD), /^ {4}Defaults/);
  const options = new Map<string, string[]>();
  for (const line of defaults) {
    const [, command = '', list = ''] = line.match(/^Defaults!(\S+) (.*)$/) ?? [];
    if (command !== '') options.set(command, [...(options.get(command) ?? []), ...list.split(', ')]);
  }
  return { rules, options };
}

/** The indented lines below a head. */
function findSection(text: string, head: RegExp): string[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => head.test(line)) + 1;
  if (start === 0) return [];
  const rest = lines.slice(start);
  const length = rest.findIndex((line) => !line.startsWith(' '));
  return rest.slice(0, length === -1 ? rest.length : length);
}

/** One line for each beginning. */
function joinLines(lines: readonly string[], beginning: RegExp): string[] {
  const joined: string[] = [];
  for (const line of lines) {
    const last = joined.length - 1;
    if (beginning.test(line) || last < 0) joined.push(line.trim());
    else joined[last] = `${joined[last]} ${line.trim()}`;
  }
  return joined;
}
