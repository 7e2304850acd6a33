import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { PROMTOOL } from '../../lab/prometheus.ts';

const findPath = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const RULES = findPath('../../monitoring/alerts.yml');
const CASES = findPath('alerts.test.yml');
const skip = existsSync(PROMTOOL) ? false : 'SKIPPED: needs promtool, which bin/unpack brings';

describe('the alert rules', () => {
  test('are valid', { skip }, async () => {
    const { exitCode, all } = await execa(PROMTOOL, ['check', 'rules', RULES], { reject: false, all: true });
    assert.equal(exitCode, 0, all);
  });

  test('fire when they should, and only then', { skip }, async () => {
    const { exitCode, all } = await execa(PROMTOOL, ['test', 'rules', CASES], { reject: false, all: true });
    assert.equal(exitCode, 0, all);
  });

  test('all have a case in which they fire, an entry in docs/monitoring.md, and a text for the operator', () => {
    const cases = readFileSync(CASES, 'utf8');
    const document = readFileSync(findPath('../../docs/monitoring.md'), 'utf8');
    const rules = readFileSync(RULES, 'utf8').split('- alert: ').slice(1);
    assert.ok(rules.length > 0);
    for (const rule of rules) {
      const [name = ''] = rule.split('\n');
      assert.match(cases, new RegExp(`alertname: ${name}\\n +exp_alerts:`), name);
      assert.ok(document.includes(`\`${name}\``), name);
      assert.match(rule, /severity: (warning|critical)\n +annotations:\n +summary: .+\n +description: .+/, name);
    }
  });
});
