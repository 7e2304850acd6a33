import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EditLog } from '../../src/cli/editing/edit-log.ts';

for (const level of ['debug', 'info', 'warn', 'error'] as const) {
  test(`the log of a command has every edit, and prints a warning only once, with level ${level}`, ({ mock }) => {
    const told = mock.method(process.stderr, 'write', () => true);
    const log = new EditLog({ level, addresses: 'none' });
    log.report('blocked', { by: 'operator' });
    log.report('invalid key list', {});
    log.report('invalid key list', {});
    assert.deepEqual(log.lines, ['<6>blocked by=operator\n', '<4>invalid key list\n']);
    assert.deepEqual(
      told.mock.calls.map(({ arguments: [text] }) => text),
      ['wgkex: invalid key list\n'],
    );
  });
}
