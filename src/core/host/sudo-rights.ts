/** The rights that sudo gives a user. */
export interface SudoRights {
  /** One rule each, as sudo prints it: `(root) NOPASSWD: /bin/true`. */
  readonly rules: readonly string[];
  /** The options that may apply when the user starts something; of those with the same name, the last one counts. */
  readonly options: readonly SudoOption[];
}

interface SudoOption {
  /** As sudo prints it: `!use_pty`, `umask=0022`. */
  readonly text: string;
  /** The one command that it applies to, or `ALL`; undefined if it does not depend on the command. */
  readonly command: string | undefined;
}

const RULES_HEAD = /^User \S+ may run the following commands on /;
const USER_HEAD = /^Matching Defaults entries for /;
const COMMANDS_HEAD = /^Runas and Command-specific defaults for /;

/** Parses `sudo -l`, which breaks long lines; sudo-rs prints no options. Any other text from sudo is not a right. */
export function parseSudoRights(text: string): SudoRights {
  const forUser = findSection(text, USER_HEAD).map((line) => line.trim());
  const forCommands = joinLines(findSection(text, COMMANDS_HEAD), /^ {4}Defaults/);
  return {
    rules: joinLines(findSection(text, RULES_HEAD), /^ {4}\(/),
    options: [...splitOptions(forUser.join(' '), undefined), ...forCommands.flatMap(parseDefaults)],
  };
}

/** `Defaults!/bin/true !use_pty, umask=0022`; after a `>` comes the user that the command runs as. */
function parseDefaults(line: string): SudoOption[] {
  const [, sign, subject, list = ''] = line.match(/^Defaults([!>])(\S+) (.*)$/) ?? [];
  return splitOptions(list, sign === '!' ? subject : undefined);
}

function splitOptions(list: string, command: string | undefined): SudoOption[] {
  return list === '' ? [] : list.split(', ').map((text) => ({ text, command }));
}

/** The option of this name that applies to a command; undefined if none is set. */
export function findOption(rights: SudoRights, name: string, command: string): string | undefined {
  return listOptions(rights, command).findLast((text) => nameOption(text) === name);
}

/** All that apply to a command, also those that a later one undoes; there may be other commands. */
export function listOptions({ options }: SudoRights, command: string): string[] {
  const holding = options.filter((option) => [undefined, 'ALL', command].includes(option.command));
  return holding.map(({ text }) => text);
}

/** The name of `!use_pty` is `use_pty`, that of `umask=0022` and `umask+=0022` is `umask`. */
export function nameOption(text: string): string {
  return text.replace(/^!/, '').replace(/[+-]?=.*$/, '');
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

/** Joins broken lines into one line for each beginning. */
function joinLines(lines: readonly string[], beginning: RegExp): string[] {
  const joined: string[] = [];
  for (const line of lines) {
    const last = joined.length - 1;
    if (beginning.test(line) || last < 0) joined.push(line.trim());
    else joined[last] = `${joined[last]} ${line.trim()}`;
  }
  return joined;
}
