import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { describeAdoption } from '../../src/cli/commands/adopt/text.ts';
import { describeReply } from '../../src/cli/commands/exchange/text.ts';
import { describeAnswer } from '../../src/cli/commands/show/json.ts';
import { describeStatus } from '../../src/cli/commands/status/json.ts';
import { describeFrame } from '../../src/cli/commands/watch/text.ts';
import { describeEdits } from '../../src/cli/editing/text.ts';
import { findConcerns } from '../../src/cli/gateway/attention.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { buildAdoption, buildEdits, buildFrame, buildOutcome, findAnswer } from './results.ts';
import { ABSENT, SCENE_KEYS, STATUS } from './scene.ts';

const MANUAL = readFileSync(new URL('../../man/wgkex.8', import.meta.url), 'utf8').replaceAll('\\-', '-');
const program = buildProgram();

test('the manual has every command', () => {
  for (const command of program.commands) {
    const [actions = ['']] = command.registeredArguments.flatMap(({ argChoices }) => (argChoices ? [argChoices] : []));
    for (const action of actions) {
      const name = `${command.name()} ${action}`.trim();
      assert.match(MANUAL, new RegExp(`^\\.SS wgkex ${name}$`, 'm'));
    }
  }
});

test('the manual has every option', () => {
  for (const command of [program, ...program.commands]) {
    for (const { long = '' } of command.options) assert.match(MANUAL, new RegExp(`${long}(?![a-z-])`), command.name());
  }
});

test('the manual has every member of the JSON documents', () => {
  const documents = [
    describeStatus(STATUS, findConcerns(STATUS)),
    describeFrame(buildFrame()),
    describeAnswer(findAnswer(SCENE_KEYS.stale)),
    describeAnswer(findAnswer(ABSENT)),
    describeReply(buildOutcome('OK')),
    describeEdits(buildEdits('added', true)),
    describeEdits(buildEdits('blocked', false)),
    describeAdoption(buildAdoption(true), true),
  ];
  const names = new Set(documents.flatMap(findNames));
  assert.ok(names.size > 50);
  for (const name of names) assert.ok(MANUAL.includes(`"${name}"`), name);
});

/** The names of all members of an object, including nested ones. */
function findNames(document: object): string[] {
  return Object.entries(document).flatMap(([name, value]) => {
    const inner = typeof value === 'object' && value !== null ? findNames(value) : [];
    return Array.isArray(document) ? inner : [name, ...inner];
  });
}
