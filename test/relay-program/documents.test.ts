import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { execa } from 'execa';
import { buildProgram } from '../../src/relay/program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BASH = join(ROOT, 'completions/wgkex-relay.bash');
const ZSH = readFileSync(join(ROOT, 'completions/_wgkex-relay'), 'utf8');
const FISH = readFileSync(join(ROOT, 'completions/wgkex-relay.fish'), 'utf8');
const MANUAL = readFileSync(join(ROOT, 'man/wgkex-relay.8'), 'utf8').replaceAll('\\-', '-');
const GUIDE = readFileSync(join(ROOT, 'docs/relay.md'), 'utf8');
const program = buildProgram({ server: async () => {}, client: async () => {} });
const directory = mkdtempSync(join(tmpdir(), 'wgkex-relay-'));
after(() => rmSync(directory, { recursive: true }));

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

for (const [shell, script, spell] of [
  ['zsh', ZSH, (long: string, text: string) => `${long}[${text}]`],
  ['fish', FISH, (long: string, text: string) => `-l ${long.slice(2)} `.concat('@', text)],
] as const)
  describe(`${shell} completes`, () => {
    test('each command and option, with its description and its choices', () => {
      const lines = script.split('\n');
      for (const command of program.commands) {
        assert.ok(script.includes(command.description()) && script.includes(command.name()));
        for (const { long = '', description, argChoices = [] } of command.options) {
          const [start = '', end = ''] = spell(long, description).split('@');
          const isIn = (line: string) =>
            line.includes(start) && line.includes(end) && line.includes(argChoices.join(' '));
          assert.ok(lines.some(isIn), `${command.name()} ${long}`);
        }
      }
    });

    test('no other option', () => {
      const known = new Set(listOptions(program).map((long) => long.slice(2)));
      const found = shell === 'zsh' ? script.matchAll(/--([a-z-]+)(?=[[}])/g) : script.matchAll(/ -l ([a-z-]+)/g);
      for (const [, option = ''] of found) assert.ok(known.has(option), option);
    });
  });

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

describe('bin/install', () => {
  test('gives the package wgkex nothing of the relay but its guide, to which others link', async () => {
    const files = await install('wgkex');
    assert.ok(files.length > 50);
    assert.deepEqual(
      files.filter((file) => file.includes('relay')),
      ['/usr/share/doc/wgkex/docs/relay.md'],
    );
  });

  test('gives the relay its program, its units, its documents, and nothing else', async () => {
    const files = await install('relay', '--relay');
    assert.deepEqual(
      files.filter((file) => !file.includes('wgkex-relay')),
      [],
    );
    assert.equal(files.length, 11);
  });
});

function listOptions(command: Command): string[] {
  const inner = command.commands.flatMap(listOptions);
  return [...new Set(['--help', ...command.options.map(({ long }) => long ?? ''), ...inner])];
}

/** The completions of bash for the last of these words, sorted. */
async function complete(...words: readonly string[]): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: bash expands it.
  const print = 'printf "%s\\n" "${COMPREPLY[@]}"';
  const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _wgkex_relay; ${print}`;
  const { stdout } = await execa('bash', ['-c', script, BASH, 'wgkex-relay', ...words]);
  return stdout
    .split('\n')
    .filter((word) => word !== '')
    .sort();
}

async function install(name: string, ...options: readonly string[]): Promise<string[]> {
  const root = join(directory, name);
  await execa(join(ROOT, 'bin/install'), [...options, '--root', root]);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.path, entry.name).slice(root.length));
}
