import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readWaiting } from '../../../src/system/mail/waiting.ts';

const base = mkdtempSync(join(tmpdir(), 'wgkex-waiting-'));
after(() => rmSync(base, { recursive: true }));

const OLD = 'abcdefgh.1790000000.remind-7.json';
const NEW = 'zzzzzzzz.never.extend.json';
const TIME = 1_780_000_000;
const NOTHING = { count: 0, oldest: undefined, reason: undefined };
const pause = (reason: string) => ({ failures: 1, until: TIME, reason });

/** Two letters, the second a minute younger. */
function makePlace() {
  const place = mkdtempSync(join(base, 'place-'));
  const [outbox, directory] = [join(place, 'outbox'), join(place, 'mail')];
  for (const each of [outbox, directory, join(directory, 'sent')]) mkdirSync(each);
  for (const [index, name] of [OLD, NEW].entries()) {
    writeFileSync(join(outbox, name), '');
    utimesSync(join(outbox, name), TIME, TIME + index * 60);
  }
  const pauses = join(directory, 'pauses.json');
  return { outbox, directory, pauses, read: () => readWaiting(outbox, directory) };
}

describe('readWaiting()', () => {
  test('counts letters, and no other files, from the oldest', () => {
    const { outbox, read } = makePlace();
    for (const name of ['README', `${NEW}.members.new`]) writeFileSync(join(outbox, name), '');
    assert.deepEqual(read(), { count: 2, oldest: TIME, reason: undefined });
  });

  test('leaves out what was sent', () => {
    const { directory, read } = makePlace();
    writeFileSync(join(directory, 'sent', OLD), '');
    assert.deepEqual(read(), { count: 1, oldest: TIME + 60, reason: undefined });
    writeFileSync(join(directory, 'sent', NEW), '');
    assert.deepEqual(read(), NOTHING);
  });

  test('finds nothing without an outbox, and all letters before the sender has ever run', () => {
    const { outbox, directory, read } = makePlace();
    rmSync(directory, { recursive: true });
    assert.equal(read().count, 2);
    rmSync(outbox, { recursive: true });
    assert.deepEqual(read(), NOTHING);
  });

  test('has the reason of the server, or else of the oldest letter that has one', () => {
    const { pauses, read } = makePlace();
    const letters = { [NEW]: pause('no such user'), 'another.json': pause('gone') };
    writeFileSync(pauses, JSON.stringify({ letters }));
    assert.equal(read().reason, 'no such user');
    writeFileSync(pauses, JSON.stringify({ letters, server: { ...pause('down'), letter: OLD } }));
    assert.equal(read().reason, 'down');
  });

  const damages: Record<string, (path: string) => void> = {
    'a damaged file': (path) => writeFileSync(path, '{"letters":{}'),
    'another document': (path) => writeFileSync(path, '{"server":{"reason":7},"letters":{}}'),
    'a link': (path) => {
      writeFileSync(`${path}.other`, JSON.stringify({ letters: { [OLD]: pause('secret') } }));
      symlinkSync(`${path}.other`, path);
    },
    'a directory': (path) => mkdirSync(path),
    'a pipe that nobody writes to': (path) => execFileSync('mkfifo', [path]),
    'a file that is too large': (path) =>
      writeFileSync(path, JSON.stringify({ letters: { [OLD]: pause('x'.repeat(1_048_576)) } })),
  };
  for (const [what, damage] of Object.entries(damages))
    test(`takes ${what} in place of the reasons for nothing said`, () => {
      const { pauses, read } = makePlace();
      damage(pauses);
      assert.deepEqual(read(), { count: 2, oldest: TIME, reason: undefined });
    });

  test('follows no link to notes', () => {
    const { outbox, directory, read } = makePlace();
    rmSync(join(directory, 'sent'), { recursive: true });
    symlinkSync(outbox, join(directory, 'sent'));
    assert.equal(read().count, 2);
  });
});
