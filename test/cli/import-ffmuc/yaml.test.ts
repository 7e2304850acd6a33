import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseYaml } from '../../../src/cli/commands/import-ffmuc/yaml.ts';
import { parseOrRefuse, texts } from '../../core/arbitraries.ts';

describe('parseYaml()', () => {
  test('reads words as Python does', () => {
    assert.deepEqual(parseYaml('{ a: False, b: yes, c: off, d: 010, e: ~, f: "no" }'), {
      ...{ a: false, b: true, c: false, d: 8, e: null, f: 'no' },
    });
  });

  test('follows aliases and merges', () => {
    assert.deepEqual(parseYaml('a: &a { x: 1 }\nb: { <<: *a, z: 2 }\nc: *a'), {
      ...{ a: { x: 1 }, b: { x: 1, z: 2 }, c: { x: 1 } },
    });
  });

  const MISTAKES = [
    ['a mistake', 'mqtt:\n  password: "SECRET', 'line 2, column 20: expected YAML, found a mistake (missing char)'],
    ['a setting twice', 'a: 1\na: 2', 'line 2, column 1: expected YAML, found a mistake (duplicate key)'],
    ['an alias of nothing', 'password: *SECRET', 'line 1, column 11: expected YAML, found an alias of nothing'],
    ['a tag', 'password: !SECRET 1', 'line 1, column 11: expected YAML, found a mistake (tag resolve failed)'],
    ['two documents', 'a: 1\n---\nb: 2', 'line 2, column 1: expected YAML, found a mistake (multiple docs)'],
    [
      'too many levels',
      '['.repeat(50_000),
      /^line 1, column \d+: expected YAML, found a mistake \(resource exhaustion\)$/,
    ],
    [
      'a merge of a text',
      'a: { <<: SECRET }',
      'expected YAML, found aliases that grow, or a merge with something else than a map',
    ],
    ['many aliases', `a: &a 1\nb: [${'*a,'.repeat(33)}]`, 'expected at most 32 aliases, found 33'],
  ] as const;
  for (const [name, text, message] of MISTAKES) {
    test(`refuses ${name} without a word of it`, () => {
      assert.throws(() => parseYaml(text), { name: 'InputError', message });
    });
  }

  test('refuses aliases of aliases before they grow', () => {
    const levels = Array.from({ length: 15 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`);
    assert.throws(() => parseYaml(['l0: &l0 [a]', ...levels].join('\n')), /expected YAML, found aliases that grow/);
  });

  test('parses any text, or refuses it in one line', () => {
    const words = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '&a ',
      '*a',
      '<<',
      '{',
      '}',
      '[',
      ']',
      '!',
      '"',
      "'",
      '#',
      '|',
      '? ',
    );
    const yaml = fc.oneof(
      texts,
      fc.array(words, { maxLength: 30 }).map((some) => some.join('')),
    );
    fc.assert(
      fc.property(yaml, (text) => {
        parseOrRefuse(() => parseYaml(text));
      }),
      { numRuns: 3000 },
    );
  });
});
