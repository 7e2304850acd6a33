import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { describeAdoption } from '../../src/cli/commands/adopt/text.ts';
import { describeFindings } from '../../src/cli/commands/check/text.ts';
import { describeReply } from '../../src/cli/commands/exchange/text.ts';
import { describeFleet } from '../../src/cli/commands/fleet/json.ts';
import { describeTranslation } from '../../src/cli/commands/import-ffmuc/translation.ts';
import { describeGrant } from '../../src/cli/commands/lease/grant-text.ts';
import { describeRestoration } from '../../src/cli/commands/lease/restore-text.ts';
import { describeShownLease } from '../../src/cli/commands/lease/show-text.ts';
import { describeAnswer } from '../../src/cli/commands/show/json.ts';
import { describeStatus } from '../../src/cli/commands/status/json.ts';
import { describeFrame } from '../../src/cli/commands/watch/json.ts';
import { describeEdits } from '../../src/cli/editing/text.ts';
import { findConcerns } from '../../src/cli/gateway/attention.ts';
import { CONCERN_CODES } from '../../src/cli/gateway/concern-codes.ts';
import type { GatewayStatus } from '../../src/cli/gateway/gateway.ts';
import { describeChange } from '../../src/cli/leases/change-text.ts';
import type { LeaseSummary } from '../../src/cli/members/summary.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { describeKeyLease } from '../../src/cli/views/lease.ts';
import type { DomainConfig, LeasedConfig } from '../../src/config/config.ts';
import { bound, MEMBERS } from '../system/leases/scene.ts';
import { buildReading, WORKER } from './fleet-scene.ts';
import { buildChange, buildRestoration, buildShown } from './leases/results.ts';
import { buildAdoption, buildEdits, buildFrame, buildOutcome, FINDINGS, FIXES, findAnswer } from './results.ts';
import { ABSENT, NAMES, SCENE_KEYS, STATUS } from './scene.ts';

const MANUAL = readFileSync(new URL('../../man/wgkex.8', import.meta.url), 'utf8').replaceAll('\\-', '-');
const CLI = fileURLToPath(new URL('../../src/cli', import.meta.url));
const program = buildProgram();

test('the manual has every command', () => {
  for (const command of program.commands) {
    const [actions = ['', ...command.commands.map((each) => each.name())]] = command.registeredArguments.flatMap(
      ({ argChoices }) => (argChoices ? [argChoices] : []),
    );
    for (const action of actions) {
      const name = `${command.name()} ${action}`.trim();
      assert.match(MANUAL, new RegExp(`^\\.SS wgkex ${name}$`, 'm'));
    }
  }
});

test('the manual has every option', () => {
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    for (const { long = '' } of command.options) assert.match(MANUAL, new RegExp(`${long}(?![a-z-])`), command.name());
  }
});

test('the manual has every member of the JSON documents', () => {
  const documents = [
    describeStatus(STATUS, findConcerns(STATUS)),
    describeStatus(withLeases(STATUS), [], { leases: buildLeaseSummary(STATUS) }),
    { lease: describeKeyLease({ state: 'bound', lease: bound(1) }) },
    describeFindings(FINDINGS, FIXES),
    describeFrame(buildFrame()),
    describeAnswer(findAnswer(SCENE_KEYS.stale)),
    describeAnswer(findAnswer(ABSENT)),
    describeReply(buildOutcome('OK')),
    describeEdits(buildEdits('added', true), new Map()),
    describeEdits(buildEdits('blocked', false), NAMES),
    describeAdoption(buildAdoption(true), true),
    describeTranslation({ lines: [], notes: [{ setting: '', text: '' }] }),
    describeGrant({ lease: bound(1), domain: { name: MEMBERS } as LeasedConfig }),
    describeChange(buildChange()),
    describeShownLease(buildShown()),
    describeRestoration(buildRestoration()),
    describeFleet(buildReading({ gw1: { states: { ffww01: {} } }, front: { states: {} } }), [WORKER], []),
  ];
  const names = new Set(documents.flatMap(findNames));
  assert.ok(names.size > 50);
  for (const name of ['mail', 'oldest', 'next_end', 'lease']) assert.ok(names.has(name), name);
  for (const name of names) assert.ok(MANUAL.includes(`"${name}"`), name);
});

describe('the codes of problems', () => {
  const [, section = ''] = MANUAL.match(/^\.SS check\n(.*?)^\.SS /ms) ?? [];

  test('are all in the manual, in the order of the source, and no others', () => {
    const explained = [...section.matchAll(/^\.TP\n\.B \\%([a-z0-9-]+)\n(.+)$/gm)].map(([, code]) => code);
    assert.deepEqual(explained, [...CONCERN_CODES]);
  });

  test('are each used by a check', async () => {
    const files = (await readdir(CLI, { recursive: true })).filter((name) => /\.ts$/.test(name));
    const sources = files.filter((name) => !name.endsWith('concern-codes.ts')).map((name) => join(CLI, name));
    const text = sources.map((path) => readFileSync(path, 'utf8')).join('\n');
    assert.deepEqual(
      CONCERN_CODES.filter((code) => !text.includes(`'${code}'`)),
      [],
    );
  });

  test('are words that differ', () => {
    assert.equal(new Set(CONCERN_CODES).size, CONCERN_CODES.length);
    for (const code of CONCERN_CODES) assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)+$/);
  });
});

function withLeases(status: GatewayStatus): GatewayStatus {
  const leased = {} as NonNullable<DomainConfig['leased']>;
  return { ...status, domains: status.domains.map((one) => ({ ...one, domain: { ...one.domain, leased } })) };
}

function buildLeaseSummary({ domains }: GatewayStatus): LeaseSummary {
  const counts = { bound: 1, unbound: 1, overdue: 0, nextEnd: undefined };
  return {
    counts: new Map(domains.map(({ domain: { name } }) => [name, counts])),
    concerns: [],
    mail: { waiting: { count: 0, oldest: undefined, reason: undefined }, concerns: [] },
  };
}

/** The names of all members of an object, including nested ones. */
function findNames(document: object): string[] {
  return Object.entries(document).flatMap(([name, value]) => {
    const inner = typeof value === 'object' && value !== null ? findNames(value) : [];
    return Array.isArray(document) ? inner : [name, ...inner];
  });
}
