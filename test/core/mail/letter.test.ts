import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LeaseId, Token } from '../../../src/core/leases/lease.ts';
import { formatLetter, type Letter, nameLetter, parseLetter, parseLetterName } from '../../../src/core/mail/letter.ts';
import { InputError } from '../../../src/core/values/errors.ts';
import type { DomainName } from '../../../src/core/values/names.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';
import { letters } from './letters.ts';

const TOKEN = 'abcdefghijklmnopqrstuvwxyz' as Token;
const COMMON = {
  id: 'abcdefgh' as LeaseId,
  to: 'anna@example.org',
  domain: 'members' as DomainName,
  endpoint: 'vpn.example.org:51820',
};
const GRANT: Letter = { kind: 'grant', ...COMMON, token: TOKEN, expires: 1_790_000_000 };

test('the name of a letter says what it is', () => {
  assert.match(nameLetter(GRANT), /^abcdefgh\.1790000000\.grant-[0-9a-f]{8}\.json$/);
  assert.equal(nameLetter({ kind: 'extend', ...COMMON }), 'abcdefgh.never.extend.json');
  assert.equal(
    nameLetter({ kind: 'remind', ...COMMON, expires: 1_790_000_000, days: 7 }),
    'abcdefgh.1790000000.remind-7.json',
  );
});

test('two tokens of one lease are two letters, whose names do not show them', () => {
  const other = nameLetter({ ...GRANT, token: 'abcdefghijklmnopqrstuvwxy2' as Token });
  assert.notEqual(nameLetter(GRANT), other);
  assert.ok(!other.includes('ijkl'));
});

test('the name of each letter has its ID, end, kind and days, and no character that a path or a header minds', () => {
  fc.assert(
    fc.property(letters, (letter) => {
      const name = nameLetter(letter);
      assert.match(name, /^[a-z0-9.-]{1,60}$/);
      assert.deepEqual(parseLetterName(name), {
        id: letter.id,
        expires: letter.expires,
        kind: letter.kind,
        days: letter.kind === 'remind' ? letter.days : undefined,
      });
    }),
  );
});

describe('no letter has the name', () => {
  for (const name of [
    'abcdefgh.1790000000.remind-7.json.new',
    '.abcdefgh.1790000000.remind-7.json',
    'abcdefgh.01790000000.extend.json',
    'abcdefgh.1790000000.remind-07.json',
    'abcdefgh.1790000000.remind.json',
    'abcdefgh.1790000000.grant.json',
    'abcdefgH.1790000000.extend.json',
    '../cdefgh.1790000000.extend.json',
    'abcdefgh.1790000000.extend.json\n',
    '',
  ])
    test(JSON.stringify(name), () => assert.equal(parseLetterName(name), undefined));
});

test('a name that is accepted is the only one for what it says', () => {
  fc.assert(
    fc.property(damaged(letters.map(nameLetter)), (name) => {
      const parsed = parseLetterName(name);
      if (parsed === undefined || parsed.kind === 'grant') return;
      const rebuilt = { ...COMMON, ...parsed } as Letter;
      assert.equal(nameLetter(rebuilt), name);
    }),
  );
});

test('a letter is read as it was written', () => {
  fc.assert(fc.property(letters, (letter) => assert.deepEqual(parseLetter(formatLetter(letter)), letter)));
});

test('a damaged letter is refused with one line, or still has the form of a letter', () => {
  fc.assert(
    fc.property(fc.oneof(texts, damaged(letters.map(formatLetter))), (text) => {
      const letter = parseOrRefuse(() => parseLetter(text));
      if (letter !== undefined) assert.deepEqual(parseLetter(formatLetter(letter)), letter);
    }),
  );
});

describe('no letter', () => {
  const CASES: readonly (readonly [name: string, letter: object])[] = [
    ['has another line in its address', { ...GRANT, to: 'anna@example.org\nBcc: all@example.org' }],
    ['has two addresses', { ...GRANT, to: 'anna@example.org, bert@example.org' }],
    ['has an unknown field', { ...GRANT, bcc: 'all@example.org' }],
    ['grants without a token', { ...GRANT, token: undefined }],
    ['has a token but grants nothing', { kind: 'extend', ...COMMON, token: TOKEN }],
    ['reminds of no end', { kind: 'remind', ...COMMON, days: 7 }],
    ['has a domain of two lines', { ...GRANT, domain: 'members\nx' }],
    ['has an endpoint with a blank', { ...GRANT, endpoint: 'a b' }],
    ['is larger than 2048 bytes', { ...GRANT, endpoint: 'x'.repeat(3000) }],
  ];
  for (const [name, letter] of CASES)
    test(name, () => {
      const isQuiet = (error: Error) => error instanceof InputError && !error.message.includes(TOKEN);
      assert.throws(() => parseLetter(JSON.stringify(letter)), isQuiet);
    });
});
