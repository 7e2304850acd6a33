import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { countExchanges, INTERVAL_SECONDS, MAX_INTERVALS, NO_ACTIVITY } from '../../../src/core/exchange/activity.ts';
import type { DomainName } from '../../../src/core/values/names.ts';
import { addActivity, readActivity } from '../../../src/system/store/activity.ts';
import { damaged, texts } from '../../core/arbitraries.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as state is kept only in directories of root';
const DOMAIN = 'ffww01' as DomainName;
const NOW = 1_700_000_401;
const INTERVAL = { since: 1_700_000_400, joined: 3, refused: 2, failed: 1 };
const DOCUMENT = { version: 1, last_exchange: NOW, intervals: [INTERVAL] };

const base = mkdtempSync(join(tmpdir(), 'wgkex-activity-'));
after(() => rmSync(base, { recursive: true }));
let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(base, 'state-'));
  path = join(directory, 'ffww01.activity.json');
});

const joined = (now: number) => countExchanges(NO_ACTIVITY, 'joined', 1, now);

test('without a file there is no activity', () => {
  assert.deepEqual(readActivity(directory, DOMAIN), NO_ACTIVITY);
});

test('new activity is added to the file, and only the file is left', { skip }, () => {
  addActivity(directory, DOMAIN, joined(NOW), NOW);
  addActivity(directory, DOMAIN, countExchanges(joined(NOW + 1), 'failed', 4, NOW + 600), NOW + 600);
  assert.deepEqual(readActivity(directory, DOMAIN), {
    lastExchange: NOW + 1,
    intervals: new Map([
      [INTERVAL.since, { joined: 2, refused: 0, failed: 0 }],
      [INTERVAL.since + 600, { joined: 0, refused: 0, failed: 4 }],
    ]),
  });
  assert.deepEqual(readdirSync(directory), ['ffww01.activity.json']);
});

test('anybody may read the file, as it has neither keys nor addresses', { skip }, () => {
  addActivity(directory, DOMAIN, joined(NOW), NOW);
  assert.equal(statSync(path).mode & 0o777, 0o644);
});

test('a missing directory is created', { skip }, () => {
  const missing = join(directory, 'missing');
  addActivity(missing, DOMAIN, joined(NOW), NOW);
  assert.equal(readActivity(missing, DOMAIN).lastExchange, NOW);
});

test('a file that cannot be written causes an error that names it', { skip }, () => {
  writeFileSync(join(directory, 'file'), '');
  assert.throws(() => addActivity(join(directory, 'file'), DOMAIN, joined(NOW), NOW), /file/);
});

test('a full day fits well into the size that is read', { skip }, () => {
  const most = Number.MAX_SAFE_INTEGER;
  const intervals = Array.from({ length: MAX_INTERVALS }, (_, index) => ({
    since: INTERVAL.since + index * INTERVAL_SECONDS,
    joined: most,
    refused: most,
    failed: most,
  }));
  writeFileSync(path, JSON.stringify({ ...DOCUMENT, intervals }));
  assert.equal(readActivity(directory, DOMAIN).intervals.size, MAX_INTERVALS);
});

describe('a file of activity', () => {
  const tooMany = Array.from({ length: MAX_INTERVALS + 1 }, (_, index) => ({ ...INTERVAL, since: index * 600 }));
  const FILES: [string, string][] = [
    ['nothing', ''],
    ['half of it', JSON.stringify(DOCUMENT).slice(0, -9)],
    ['zeros, as after a power cut', '\0'.repeat(100)],
    ['another version', JSON.stringify({ ...DOCUMENT, version: 2 })],
    ['one field more', JSON.stringify({ ...DOCUMENT, more: 1 })],
    ['one field more in an interval', JSON.stringify({ ...DOCUMENT, intervals: [{ ...INTERVAL, more: 1 }] })],
    ['a number below zero', JSON.stringify({ ...DOCUMENT, intervals: [{ ...INTERVAL, joined: -1 }] })],
    ['half an exchange', JSON.stringify({ ...DOCUMENT, intervals: [{ ...INTERVAL, joined: 0.5 }] })],
    [
      'an interval that begins at a wrong time',
      JSON.stringify({ ...DOCUMENT, intervals: [{ ...INTERVAL, since: 1 }] }),
    ],
    ['a time in words', JSON.stringify({ ...DOCUMENT, last_exchange: 'now' })],
    ['more than a day', JSON.stringify({ ...DOCUMENT, intervals: tooMany })],
    ['64 kB of blanks', JSON.stringify(DOCUMENT) + ' '.repeat(65_536)],
  ];
  for (const [name, text] of FILES) {
    test(`with ${name} counts as missing`, { skip }, () => {
      writeFileSync(path, text);
      assert.deepEqual(readActivity(directory, DOMAIN), NO_ACTIVITY);
      addActivity(directory, DOMAIN, joined(NOW), NOW);
      assert.deepEqual(readActivity(directory, DOMAIN), joined(NOW), 'the next exchange is counted');
    });
  }

  test('as the handler writes it is read', () => {
    writeFileSync(path, JSON.stringify(DOCUMENT));
    const { since, ...counts } = INTERVAL;
    assert.deepEqual(readActivity(directory, DOMAIN), { lastExchange: NOW, intervals: new Map([[since, counts]]) });
  });
});

test('reading the file is harmless, whatever it contains', () => {
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(fc.constant(JSON.stringify(DOCUMENT)))), (content) => {
      writeFileSync(path, content);
      const { intervals } = readActivity(directory, DOMAIN);
      for (const [since, counts] of intervals)
        for (const number of [since, ...Object.values(counts)]) assert.ok(Number.isSafeInteger(number) && number >= 0);
    }),
  );
});
