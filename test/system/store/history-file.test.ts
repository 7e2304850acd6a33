import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { MAX_SLOTS, SLOT_SECONDS } from '../../../src/core/peers/history.ts';
import { parseDomainName } from '../../../src/core/values/names.ts';
import { HistoryFile } from '../../../src/system/store/history-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'wgkex-history-'));
const file = new HistoryFile(directory, parseDomainName('ffww01'));
const SLOTS = Array.from({ length: MAX_SLOTS }, (_, index) => ({
  since: 2_000_000_700 + index * SLOT_SECONDS,
  alive: 100_000,
  joined: 100_000,
}));

after(() => rmSync(directory, { recursive: true }));

describe('the file of a history', () => {
  test('need not exist', () => {
    assert.deepEqual(file.read(), []);
  });

  test('has what was written, is root’s alone, and leaves nothing beside it', () => {
    file.write(SLOTS);
    assert.deepEqual(file.read(), SLOTS);
    const { mode, size } = statSync(file.path);
    assert.equal(mode & 0o777, 0o600);
    assert.ok(size < 65_536, `${size}`);
    assert.deepEqual(readdirSync(directory), ['ffww01.history.json']);
  });

  const long = JSON.stringify({ version: 1, slots: [...SLOTS, { ...SLOTS[0], since: 900 }] });
  const BROKEN = [
    ['', 'not JSON'],
    ['{"version":1,"slots":', 'not JSON'],
    ['{"version":2,"slots":[]}', 'unexpected version'],
    ['{"version":1,"slots":[{"since":901,"alive":1,"joined":0}]}', 'unexpected slots.0.since'],
    ['{"version":1,"slots":[{"since":900,"alive":-1,"joined":0}]}', 'unexpected slots.0.alive'],
    ['{"version":1,"slots":[{"since":900,"alive":1,"joined":0,"key":"x"}]}', 'unexpected slots.0'],
    [long, 'unexpected slots'],
    [' '.repeat(131_073), 'more than 131072 bytes'],
  ] as const;
  for (const [text, fault] of BROKEN) {
    test(`is named if it is damaged: ${fault} in ${text.slice(0, 60)}`, () => {
      writeFileSync(file.path, text);
      const message = `Cannot read the history in ${file.path}: ${fault}`;
      assert.throws(() => file.read(), { name: 'InputError', message });
    });
  }

  test('is named if it cannot be read', () => {
    rmSync(file.path);
    const elsewhere = new HistoryFile(`${file.path}/x`, parseDomainName('ffww01'));
    writeFileSync(file.path, '');
    const message = `Cannot read ${elsewhere.path}: not a directory`;
    assert.throws(() => elsewhere.read(), { name: 'Error', message });
  });
});
