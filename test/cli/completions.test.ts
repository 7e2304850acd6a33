import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { execa } from 'execa';
import { buildProgram } from '../../src/cli/program.ts';

const BASH = fileURLToPath(new URL('../../completions/wgkex.bash', import.meta.url));
const ZSH = readFileSync(new URL('../../completions/_wgkex', import.meta.url), 'utf8');
const program = buildProgram();

const directory = mkdtempSync(join(tmpdir(), 'wgkex-completions-'));
after(() => rmSync(directory, { recursive: true }));
const config = join(directory, 'wgkex.toml');
writeFileSync(config, '[limits]\n[domains.ffww01]\n  [domains.ffmuc_welt] # a comment\n#[domains.none]\n');

/** The options of a command, including the common ones. */
function findOptions(command: Command) {
  const { options } = command;
  return command === program ? options : [...program.options, ...options];
}

const flags = (command: Command) => ['--help', ...findOptions(command).map(({ long }) => long)];
/** The choices for its arguments, and further commands. */
const choices = (command: Command) => [
  ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  ...command.commands.map((each) => each.name()),
];
/** Each command with its words. */
const calls = (command: Command, words: readonly string[] = []): [readonly string[], Command][] =>
  command.commands.flatMap((each) => [[[...words, each.name()], each], ...calls(each, [...words, each.name()])]);
const takesDomain = (command: Command) => command.registeredArguments.some((argument) => argument.name() === 'domain');

describe('bash completes', { concurrency: true }, () => {
  test('the commands', async () => {
    const commands = program.commands.map((command) => command.name());
    assert.deepEqual(await complete('wgkex', ''), [...flags(program), ...commands].sort());
    assert.deepEqual(await complete('wgkex', '--config', config, 'st'), ['static', 'status']);
  });

  for (const [words, command] of calls(program)) {
    const name = words.join(' ');
    test(`the options of ${name}, and domains if it takes one`, async () => {
      const domains = takesDomain(command) ? ['ffmuc_welt', 'ffww01'] : [];
      assert.deepEqual(
        await complete('wgkex', '--config', config, ...words, ''),
        [...flags(command), ...choices(command), ...domains].sort(),
      );
      assert.deepEqual(await complete('wgkex', ...words, '--js'), ['--json']);
    });

    for (const option of command.options.filter(({ required, flags }) => required && !flags.endsWith('<file>'))) {
      test(`the choices of ${name} for ${option.long}`, async () => {
        assert.deepEqual(
          await complete('wgkex', ...words, option.long ?? '', ''),
          [...(option.argChoices ?? [])].sort(),
        );
      });
    }
  }

  for (const words of [['import-ffmuc'], ['lease', 'import'], ['lease', 'backup'], ['lease', 'restore']])
    test(`files for ${words.join(' ')}, once there is a slash`, async () => {
      assert.deepEqual(await complete('wgkex', ...words, `${directory}/wg`), [config]);
    });

  test('files for --config and --html', async () => {
    for (const option of ['--config', '--html'])
      assert.deepEqual(await complete('wgkex', 'status', option, `${directory}/wg`), [config]);
  });
});

describe('zsh completes', () => {
  for (const [variable, parent] of [
    ['commands', program],
    ['leases', program.commands.find((command) => command.name() === 'lease') ?? program],
  ] as const)
    test(`the ${variable}, with their descriptions`, () => {
      const [, list = ''] = ZSH.match(new RegExp(`${variable}=\\(\\n([^)]*)\\n {2}\\)`)) ?? [];
      const expected = parent.commands.map((command) => {
        const mark = command.description().includes("'") ? '"' : "'";
        return `    ${mark}${command.name()}:${command.description()}${mark}`;
      });
      assert.deepEqual(list.split('\n'), expected);
    });

  test('exactly the options of the program, with their descriptions and choices', () => {
    const options = [program, ...calls(program).map(([, command]) => command)].flatMap(({ options }) => options);
    const specs = options.map(({ long, description, argChoices, required }) => {
      const choices = argChoices === undefined ? '' : `(${argChoices.join(' ')})`;
      return { long, spec: `${long}[${description}]${required ? ':' : "'"}`, choices };
    });
    for (const { spec, choices } of specs) assert.ok(ZSH.includes(spec) && ZSH.includes(choices), spec);
    const known = new Set([...specs.map(({ long }) => long), '--help']);
    for (const [option] of ZSH.matchAll(/--[a-z-]+(?=[[}])/g)) assert.ok(known.has(option), option);
  });
});

/** The completions of bash for the last of these words, sorted. */
async function complete(...words: readonly string[]): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: bash expands it.
  const script = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _wgkex; printf "%s\\n" "${COMPREPLY[@]}"';
  const { stdout } = await execa('bash', ['-c', script, BASH, ...words]);
  return stdout
    .split('\n')
    .filter((word) => word !== '')
    .sort();
}
