import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { buildProgram } from '../../src/join/program.ts';
import { completeInBash, testShells } from '../completions.ts';

const COMPLETIONS = fileURLToPath(new URL('../../completions', import.meta.url));
const BASH = {
  file: join(COMPLETIONS, 'wgkex-join.bash'),
  name: '_wgkex_join',
  also: '_wgkex_join_names() { echo members; }',
};
/** These are before every name and command. */
const FIRST = ['--version'];
const FILES = ['--token-file', '--output'];
const program = buildProgram();
const commands = program.commands.map((command) => command.name());

const flags = (command: Command) =>
  ['--help', ...command.options.map(({ long }) => long ?? '')].filter((long) => !FIRST.includes(long));

describe('bash completes', { concurrency: true }, () => {
  test('the commands, the tunnels of this machine, and the options for setting one up', async () => {
    assert.deepEqual(await complete(''), ['members', ...FIRST, ...flags(program), ...commands].sort());
    assert.deepEqual(await complete('st'), ['status']);
  });

  test('the options for setting up, after a name', async () => {
    assert.deepEqual(await complete('members', ''), flags(program).sort());
    assert.deepEqual(await complete('members', '--domain', 'members', '--ov'), ['--over-tcp']);
  });

  for (const command of program.commands)
    test(`the options of ${command.name()}, and the tunnels of this machine`, async () => {
      assert.deepEqual(await complete(command.name(), ''), ['members', ...flags(command)].sort());
    });

  for (const command of [program, ...program.commands])
    for (const { long, required, argChoices = [] } of command.options)
      if (required && !FILES.includes(long ?? ''))
        test(`the choices for ${long}`, async () => {
          assert.deepEqual(await complete('members', long ?? '', ''), [...argChoices].sort());
        });

  for (const option of FILES)
    test(`files for ${option}`, async () => {
      assert.deepEqual(await complete('members', option, `${COMPLETIONS}/wgkex-join`), [
        `${COMPLETIONS}/wgkex-join.bash`,
        `${COMPLETIONS}/wgkex-join.fish`,
      ]);
    });
});

const read = (name: string) => readFileSync(join(COMPLETIONS, name), 'utf8');
testShells(program, { zsh: read('_wgkex-join'), fish: read('wgkex-join.fish') });

function complete(...words: readonly string[]): Promise<string[]> {
  return completeInBash(BASH, 'wgkex-join', ...words);
}
