import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { execa } from 'execa';

/** What bash completes for the last of these words, sorted; `file` defines `name`. `also` is sourced after it. */
export async function completeInBash(
  { file, name, also = '' }: { file: string; name: string; also?: string },
  ...words: readonly string[]
): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: bash expands it.
  const print = 'printf "%s\\n" "${COMPREPLY[@]}"';
  const script = `source "$0"; ${also}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ${name}; ${print}`;
  const { stdout } = await execa('bash', ['-c', script, file, ...words]);
  return stdout
    .split('\n')
    .filter((word) => word !== '')
    .sort();
}

/** Tests the completions of zsh and fish, which have one line for each option. */
export function testShells(program: Command, scripts: { readonly zsh: string; readonly fish: string }): void {
  const all = [program, ...program.commands];
  for (const [shell, script, spell] of [
    ['zsh', scripts.zsh, (long: string, text: string) => [`${long}[${text.replaceAll(']', '\\]')}]`, '']],
    ['fish', scripts.fish, (long: string, text: string) => [`-l ${long.slice(2)} `, text]],
  ] as const)
    describe(`${shell} completes`, () => {
      test('each command and option, with its description and its choices', () => {
        const lines = script.split('\n');
        for (const command of program.commands) {
          assert.ok(script.includes(command.name()), command.name());
          assert.ok(script.includes(command.description()), command.description());
        }
        for (const { long, description, argChoices = [] } of all.flatMap(({ options }) => options)) {
          const parts = [...spell(long ?? '', description), argChoices.join(' ')];
          const isIn = (line: string) => parts.every((part) => line.includes(part));
          assert.ok(lines.some(isIn), `${long}: ${description}`);
        }
      });

      test('no other option', () => {
        const known = new Set(listOptions(program).map((long) => long.slice(2)));
        const found = [...script.matchAll(shell === 'zsh' ? /--([a-z-]+)(?=[[}])/g : / -l ([a-z-]+)/g)];
        assert.ok(found.length > 0);
        for (const [, option = ''] of found) assert.ok(known.has(option), option);
      });
    });
}

/** The options of a program and its commands, each once. */
export function listOptions(command: Command): string[] {
  const inner = command.commands.flatMap(listOptions);
  return [...new Set(['--help', ...command.options.map(({ long }) => long ?? ''), ...inner])];
}
