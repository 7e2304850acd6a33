import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRestarting } from '../../src/tunnel/restart.ts';

const ENDS = [
  ['signal', 'KILL', true],
  ['core-dump', 'SEGV', true],
  ['watchdog', 'ABRT', true],
  ['oom-kill', 'KILL', true],
  ['exit-code', '1', true],
  ['exit-code', '75', true],
  ['exit-code', '2', false],
  ['exit-code', '78', false],
  ['success', '0', false],
  ['timeout', 'KILL', false],
  ['protocol', '', false],
  ['resources', '', false],
  ['start-limit-hit', '', false],
  ['exec-condition', '1', false],
  ['', '', false],
] as const;
for (const [result, status, isRestart] of ENDS)
  test(`after "${result}" with status "${status}" the tunnel ${isRestart ? 'stays' : 'goes'}`, () => {
    assert.equal(isRestarting(result, status), isRestart);
  });
