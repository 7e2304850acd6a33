import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { FINDING_CODES, finding, type Outcome } from '../../src/join/commands/doctor/finding.ts';
import { describeOutcomes } from '../../src/join/commands/doctor/text.ts';
import { describeStandings } from '../../src/join/commands/status/json.ts';
import { buildProgram } from '../../src/join/program.ts';
import { NOW, STANDINGS } from './standings.ts';

const MANUAL = readFileSync(new URL('../../man/wgkex-join.8', import.meta.url), 'utf8').replaceAll('\\-', '-');
const DOCTOR = new URL('../../src/join/commands/doctor/', import.meta.url);
const program = buildProgram();

describe('the manual of wgkex-join', () => {
  test('has every command', () => {
    for (const command of program.commands)
      assert.match(MANUAL, new RegExp(`^\\.SS wgkex-join ${command.name()}$`, 'm'));
  });

  test('has every option', () => {
    for (const command of [program, ...program.commands])
      for (const { long = '' } of command.options)
        assert.match(MANUAL, new RegExp(`${long}(?![a-z-])`), command.name());
  });

  test('has every member of the JSON documents', () => {
    const outcome: Outcome = { tunnel: undefined, check: 'clock', findings: [finding('check-failed', 'why')] };
    const documents = [describeStandings(Object.values(STANDINGS), NOW), describeOutcomes([outcome])];
    const names = new Set(documents.flatMap(findNames));
    assert.ok(names.size > 20);
    for (const name of names) assert.ok(MANUAL.includes(`"${name}"`), name);
  });

  test('explains the codes of the doctor, in the order of the source, and no others', () => {
    const [, section = ''] = MANUAL.match(/^\.SS doctor\n(.*?)^\.SH /ms) ?? [];
    const explained = [...section.matchAll(/^\.TP\n\.B \\%([a-z0-9-]+)\n(.+)$/gm)].map(([, code]) => code);
    assert.deepEqual(explained, [...FINDING_CODES]);
  });
});

test('each code of the doctor is used by a check', () => {
  const text = readdirSync(DOCTOR)
    .map((name) => readFileSync(new URL(name, DOCTOR), 'utf8'))
    .join('\n');
  const uses = FINDING_CODES.map((code) => [code, text.split(`'${code}'`).length - 1] as const);
  // One use is the list itself.
  assert.deepEqual(
    uses.filter(([, count]) => count < 2),
    [],
  );
});

/** The names of all members of an object, including nested ones. */
function findNames(document: object): string[] {
  return Object.entries(document).flatMap(([name, value]) => {
    const inner = typeof value === 'object' && value !== null ? findNames(value) : [];
    return Array.isArray(document) ? inner : [name, ...inner];
  });
}
