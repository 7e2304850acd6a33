import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { LeaseId, Token } from '../../../src/core/leases/lease.ts';
import { type Letter, nameLetter, parseLetter } from '../../../src/core/mail/letter.ts';
import type { DomainName } from '../../../src/core/values/names.ts';
import { dropNotes } from '../../../src/system/mail/notes.ts';
import {
  clearSent,
  dropUntrue,
  finishLetters,
  prepareLetter,
  withdrawLetters,
  writeLetter,
} from '../../../src/system/mail/outbox.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as the outbox must be its own';
const GROUP = 65534;
const base = mkdtempSync(join(tmpdir(), 'wgkex-outbox-'));
after(() => rmSync(base, { recursive: true }));

const ID = 'abcdefgh' as LeaseId;
const OTHER_ID = 'zzzzzzzz' as LeaseId;
const COMMON = {
  id: ID,
  to: 'anna@example.org',
  domain: 'members' as DomainName,
  endpoint: 'vpn.example.org:51820',
  expires: 1_790_000_000,
};
const REMINDER: Letter = { kind: 'remind', ...COMMON, days: 7 };
const GRANT: Letter = { kind: 'grant', ...COMMON, token: 'abcdefghijklmnopqrstuvwxyz' as Token };

function makePlace(): { outbox: string; notes: string } {
  const place = mkdtempSync(join(base, 'place-'));
  const [outbox, notes] = [join(place, 'outbox'), join(place, 'sent')];
  mkdirSync(outbox);
  chownSync(outbox, 0, GROUP);
  chmodSync(outbox, 0o2750);
  mkdirSync(notes);
  chownSync(notes, GROUP, 0);
  chmodSync(notes, 0o770);
  return { outbox, notes };
}

const note = (notes: string, letter: Letter) => writeFileSync(join(notes, nameLetter(letter)), '');

describe('a letter', { skip }, () => {
  test('can be read by root and the group of the outbox, and nothing else is left in it', () => {
    const { outbox } = makePlace();
    assert.equal(writeLetter(outbox, REMINDER), true);
    assert.deepEqual(readdirSync(outbox), [nameLetter(REMINDER)]);
    const path = join(outbox, nameLetter(REMINDER));
    const { uid, gid, mode } = statSync(path);
    assert.deepEqual([uid, gid, mode & 0o7777], [0, GROUP, 0o640]);
    assert.deepEqual(parseLetter(readFileSync(path, 'utf8')), REMINDER);
  });

  test('has that group also where the outbox was made without its set-group-ID bit', () => {
    const { outbox } = makePlace();
    chmodSync(outbox, 0o750);
    writeLetter(outbox, REMINDER);
    assert.equal(statSync(join(outbox, nameLetter(REMINDER))).gid, GROUP);
  });

  test('replaces none of the same name', () => {
    const { outbox } = makePlace();
    writeLetter(outbox, REMINDER);
    assert.equal(writeLetter(outbox, { ...REMINDER, to: 'bert@example.org' }), false);
    assert.deepEqual(readdirSync(outbox), [nameLetter(REMINDER)]);
    assert.match(readFileSync(join(outbox, nameLetter(REMINDER)), 'utf8'), /anna@/);
  });

  test('is written although an earlier attempt was cut off', () => {
    const { outbox } = makePlace();
    writeFileSync(join(outbox, `${nameLetter(GRANT)}.members.new`), '{"half');
    assert.equal(writeLetter(outbox, GRANT), true);
    assert.deepEqual(readdirSync(outbox), [nameLetter(GRANT)]);
  });

  for (const [name, spoil] of [
    ['that others may write to', (path: string) => chmodSync(path, 0o2770)],
    ['of another user', (path: string) => chownSync(path, GROUP, GROUP)],
    ['that is a link of another user', (path: string) => replaceByLink(path)],
    ['that is missing', (path: string) => rmSync(path, { recursive: true })],
  ] as const)
    test(`does not go into an outbox ${name}`, () => {
      const { outbox } = makePlace();
      spoil(outbox);
      assert.throws(() => writeLetter(outbox, GRANT), /^Error: Cannot write .*\.json: [ -~]+$/);
    });
});

describe('what was sent', { skip }, () => {
  test('is removed and named; its note stays, so that it is found again if it is written again', () => {
    const { outbox, notes } = makePlace();
    for (const letter of [REMINDER, GRANT]) writeLetter(outbox, letter);
    note(notes, REMINDER);
    const expected = [{ id: ID, kind: 'remind', days: 7, expires: COMMON.expires }];
    assert.deepEqual(clearSent(outbox, notes), expected);
    assert.deepEqual(readdirSync(outbox), [nameLetter(GRANT)]);
    assert.deepEqual(clearSent(outbox, notes), []);
    writeLetter(outbox, REMINDER);
    assert.deepEqual(clearSent(outbox, notes), expected);
  });

  test('is nothing that root did not write, whatever the sender notes', () => {
    const { outbox, notes } = makePlace();
    note(notes, REMINDER);
    writeFileSync(join(notes, '..x'), '');
    assert.deepEqual(clearSent(outbox, notes), []);
    writeFileSync(join(outbox, 'README'), '');
    writeFileSync(join(notes, 'README'), '');
    assert.deepEqual(clearSent(outbox, notes), []);
    assert.ok(existsSync(join(outbox, 'README')));
  });

  test('is nothing before the sender has run', () => {
    const { outbox, notes } = makePlace();
    rmSync(notes, { recursive: true });
    writeLetter(outbox, REMINDER);
    assert.deepEqual(clearSent(outbox, notes), []);
    dropNotes(notes, new Set([ID]));
  });

  test('is not looked for behind a link', () => {
    const { outbox, notes } = makePlace();
    writeLetter(outbox, REMINDER);
    rmSync(notes, { recursive: true });
    symlinkSync(outbox, notes);
    assert.throws(() => clearSent(outbox, notes), /^Error: Cannot read .*sent: /);
    assert.throws(() => dropNotes(notes, new Set([ID])), /^Error: Cannot read .*sent: /);
    assert.deepEqual(readdirSync(outbox), [nameLetter(REMINDER)]);
  });
});

describe('notes', { skip }, () => {
  test('of leases that have ended are dropped, others stay', () => {
    const { notes } = makePlace();
    const other = { ...REMINDER, id: OTHER_ID };
    for (const letter of [REMINDER, GRANT, other]) note(notes, letter);
    writeFileSync(join(notes, `${ID}.txt`), '');
    dropNotes(notes, new Set([ID]));
    assert.deepEqual(readdirSync(notes).sort(), [`${ID}.txt`, nameLetter(other)]);
  });

  test('that are links or directories cost no pass, and lead nowhere', () => {
    const { outbox, notes } = makePlace();
    writeLetter(outbox, REMINDER);
    symlinkSync(join(outbox, nameLetter(REMINDER)), join(notes, nameLetter(REMINDER)));
    mkdirSync(join(notes, nameLetter(GRANT)));
    dropNotes(notes, new Set([ID]));
    assert.deepEqual(readdirSync(outbox), [nameLetter(REMINDER)]);
    assert.deepEqual(readdirSync(notes), [nameLetter(GRANT)]);
  });
});

describe('a letter that is prepared', { skip }, () => {
  test('is not seen before it is published, and then as a whole', () => {
    const { outbox, notes } = makePlace();
    const prepared = prepareLetter(outbox, GRANT);
    const [file = ''] = readdirSync(outbox);
    assert.equal(file, `${nameLetter(GRANT)}.members.new`);
    const { gid, mode } = statSync(join(outbox, file));
    assert.deepEqual([gid, mode & 0o7777], [GROUP, 0o640]);
    writeFileSync(join(notes, file), '');
    assert.deepEqual(clearSent(outbox, notes), []);
    assert.equal(prepared.publish(), true);
    assert.deepEqual(readdirSync(outbox), [nameLetter(GRANT)]);
    assert.deepEqual(parseLetter(readFileSync(join(outbox, nameLetter(GRANT)), 'utf8')), GRANT);
  });

  test('leaves nothing when it is discarded, not even twice', () => {
    const { outbox } = makePlace();
    const prepared = prepareLetter(outbox, GRANT);
    for (let turn = 0; turn < 2; turn++) prepared.discard();
    assert.deepEqual(readdirSync(outbox), []);
  });

  test('replaces none that waits', () => {
    const { outbox } = makePlace();
    const prepared = prepareLetter(outbox, { ...REMINDER, to: 'bert@example.org' });
    writeFileSync(join(outbox, nameLetter(REMINDER)), 'first');
    assert.equal(prepared.publish(), false);
    assert.deepEqual(readdirSync(outbox), [nameLetter(REMINDER)]);
    assert.equal(readFileSync(join(outbox, nameLetter(REMINDER)), 'utf8'), 'first');
  });
});

describe('letters whose writer was killed', { skip }, () => {
  const TRUE = REMINDER;
  const FALSE: Letter = { ...GRANT, id: OTHER_ID };
  const ELSEWHERE: Letter = { ...GRANT, domain: 'staff' as DomainName };
  const finish = (outbox: string) => finishLetters(outbox, COMMON.domain, ({ id }) => id === ID);

  test('are published if they are true, and else discarded', () => {
    const { outbox } = makePlace();
    for (const letter of [TRUE, FALSE]) prepareLetter(outbox, letter);
    finish(outbox);
    assert.deepEqual(readdirSync(outbox), [nameLetter(TRUE)]);
    assert.deepEqual(parseLetter(readFileSync(join(outbox, nameLetter(TRUE)), 'utf8')), TRUE);
    finish(outbox);
    assert.deepEqual(readdirSync(outbox), [nameLetter(TRUE)]);
  });

  test('are left alone in another domain, whose lock is not held, however far they are', () => {
    const { outbox } = makePlace();
    prepareLetter(outbox, ELSEWHERE);
    const begun = `${nameLetter(TRUE)}.staff.new`;
    writeFileSync(join(outbox, begun), '');
    const before = readdirSync(outbox);
    finish(outbox);
    assert.deepEqual(readdirSync(outbox), before);
  });

  for (const text of ['', '{"kind":"remind","id":"abcdef'])
    test(`are discarded if they are torn: ${text || 'empty'}`, () => {
      const { outbox } = makePlace();
      writeFileSync(join(outbox, `${nameLetter(TRUE)}.members.new`), text);
      finish(outbox);
      assert.deepEqual(readdirSync(outbox), []);
    });

  test('stay one if they were published already', () => {
    const { outbox } = makePlace();
    prepareLetter(outbox, TRUE);
    linkSync(join(outbox, `${nameLetter(TRUE)}.members.new`), join(outbox, nameLetter(TRUE)));
    finish(outbox);
    assert.deepEqual(readdirSync(outbox), [nameLetter(TRUE)]);
  });

  test('are not files of somebody else', () => {
    const { outbox } = makePlace();
    for (const name of ['README', 'x.new', 'members.new']) writeFileSync(join(outbox, name), '');
    finish(outbox);
    assert.deepEqual(readdirSync(outbox).sort(), ['README', 'members.new', 'x.new']);
  });
});

describe('letters that are not true any more', { skip }, () => {
  test('are dropped in their domain; the others, and what cannot be read, stay', () => {
    const { outbox } = makePlace();
    const [other, elsewhere] = [
      { ...REMINDER, id: OTHER_ID },
      { ...GRANT, domain: 'staff' as DomainName },
    ];
    for (const letter of [REMINDER, other, elsewhere]) writeLetter(outbox, letter);
    const torn = nameLetter({ kind: 'extend', ...COMMON });
    writeFileSync(join(outbox, torn), '{');
    dropUntrue(outbox, COMMON.domain, ({ id }) => id === ID);
    assert.deepEqual(readdirSync(outbox).sort(), [nameLetter(elsewhere), torn, nameLetter(other)].sort());
  });

  test('are withdrawn; those of others, and those that a command still writes, stay', () => {
    const { outbox } = makePlace();
    const other = { ...REMINDER, id: OTHER_ID };
    for (const letter of [REMINDER, GRANT, other]) writeLetter(outbox, letter);
    prepareLetter(outbox, { kind: 'extend', ...COMMON });
    withdrawLetters(outbox, ({ id }) => id === ID);
    const unfinished = `${nameLetter({ kind: 'extend', ...COMMON })}.members.new`;
    assert.deepEqual(readdirSync(outbox).sort(), [unfinished, nameLetter(other)].sort());
  });

  test('cost no command that would withdraw them anything where there is no outbox', () => {
    withdrawLetters(join(base, 'nowhere'), () => true);
  });
});

function replaceByLink(path: string): void {
  const link = join(mkdtempSync(join(base, 'link-')), 'outbox');
  mkdirSync(link);
  rmSync(path, { recursive: true });
  chownSync(join(path, '..'), GROUP, GROUP);
  symlinkSync(link, path);
}
