import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildProgram } from '../../src/relay/program.ts';
import { completeInBash, listOptions, testShells } from '../completions.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BASH = join(ROOT, 'completions/wgkex-relay.bash');
const ZSH = readFileSync(join(ROOT, 'completions/_wgkex-relay'), 'utf8');
const FISH = readFileSync(join(ROOT, 'completions/wgkex-relay.fish'), 'utf8');
const MANUAL = readFileSync(join(ROOT, 'man/wgkex-relay.8'), 'utf8').replaceAll('\\-', '-');
const GUIDE = readFileSync(join(ROOT, 'docs/relay.md'), 'utf8');
const program = buildProgram({ server: async () => {}, client: async () => {} });

describe('bash completes', { concurrency: true }, () => {
  test('the commands', async () => {
    const commands = program.commands.map((command) => command.name());
    assert.deepEqual(await complete(''), ['--help', '--version', ...commands].sort());
    assert.deepEqual(await complete('se'), ['server']);
  });

  for (const command of program.commands) {
    test(`the options of ${command.name()}`, async () => {
      const options = ['--help', ...command.options.map(({ long }) => long)];
      assert.deepEqual(await complete(command.name(), ''), options.sort());
    });

    for (const { long = '', argChoices = [] } of command.options)
      test(`the choices of ${command.name()} for ${long}`, async () => {
        assert.deepEqual(await complete(command.name(), long, ''), [...argChoices].sort());
      });
  }
});

testShells(program, { zsh: ZSH, fish: FISH });

test('the manual has every command and option', () => {
  for (const long of listOptions(program)) assert.match(MANUAL, new RegExp(`${long}(?![a-z-])`), long);
  for (const command of program.commands) assert.match(MANUAL, new RegExp(`^\\.SS Of the ${command.name()}$`, 'm'));
});

test('the guide names the metrics, and no others', async () => {
  const source = readFileSync(join(ROOT, 'src/relay/metrics.ts'), 'utf8');
  const named = [...GUIDE.matchAll(/^\| `wgkex_relay_(\w+)/gm)].map(([, name]) => name).sort();
  const served = [...source.matchAll(/(?:count\('|name: 'wgkex_relay_)(\w+)'/g)].map(([, name]) => name).sort();
  assert.deepEqual(named, served);
});

/** The completions of bash for the last of these words, sorted. */
function complete(...words: readonly string[]): Promise<string[]> {
  return completeInBash({ file: BASH, name: '_wgkex_relay' }, 'wgkex-relay', ...words);
}
