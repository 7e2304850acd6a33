import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LeaseId, Token } from '../../src/core/leases/lease.ts';
import type { Letter } from '../../src/core/mail/letter.ts';
import type { DomainName } from '../../src/core/values/names.ts';
import { buildMessage } from '../../src/mail/message.ts';
import { letters } from '../core/mail/letters.ts';
import { assertSnapshot } from '../snapshot.ts';

const FROM = { name: 'Freifunk VPN', address: 'vpn@example.org' };
const CENTRAL_EUROPE = () => 60;
/** 31 December 2026, 23:59:59 in central Europe. */
const END = 1_798_757_999;
const COMMON = {
  id: 'abcdefgh' as LeaseId,
  to: 'anna@example.org',
  domain: 'members' as DomainName,
  endpoint: 'vpn.example.org:51820',
};
const TOKEN = 'abcdefghijklmnopqrstuvwxyz' as Token;
const LETTERS: readonly Letter[] = [
  { kind: 'grant', ...COMMON, token: TOKEN, expires: END },
  { kind: 'grant', ...COMMON, token: TOKEN },
  { kind: 'extend', ...COMMON, expires: END },
  { kind: 'extend', ...COMMON },
  { kind: 'remind', ...COMMON, expires: END, days: 7 },
];

for (const language of ['en', 'de'] as const)
  test(`the mails in language ${language} are those of the snapshot`, () => {
    const mails = LETTERS.map((letter) => buildMessage(letter, { from: FROM, language }, CENTRAL_EUROPE));
    const lines = mails.flatMap(({ subject, text }) => [
      `Subject: ${subject}`,
      '',
      ...text.split('\n'),
      '='.repeat(76),
    ]);
    assertSnapshot(new URL(`mails-${language}.txt`, import.meta.url), lines);
  });

describe('each mail', () => {
  const build = (letter: Letter, language: 'en' | 'de' = 'en', offset = 0) =>
    buildMessage(letter, { from: FROM, language }, () => offset);
  const languages = fc.constantFrom('en' as const, 'de' as const);

  test('has short lines, and the code if and only if it is a grant', () => {
    fc.assert(
      fc.property(letters, languages, (letter, language) => {
        const { subject, text } = build(letter, language);
        const isShort = (line: string) => line.length <= 76;
        assert.ok(text.split('\n').every(isShort) && !/[\r\n]/.test(subject), text);
        assert.equal(/[a-z2-7]{8}-[a-z2-7]{26}$/m.test(text), letter.kind === 'grant');
        assert.ok(letter.kind === 'grant' || !text.includes('    '.concat(letter.id)));
        assert.doesNotMatch(subject + text, /undefined|NaN/);
      }),
    );
  });

  test('has a Message-ID of its own, the same each time, at the domain of the sender', () => {
    fc.assert(
      fc.property(letters, letters, (one, other) => {
        assert.equal(build(one).messageId, build({ ...one, to: 'bert@example.org' }).messageId);
        assert.match(build(one).messageId, /^<[a-z2-7]{8}\.[a-z0-9.-]+@example\.org>$/);
        if (one.id !== other.id) assert.notEqual(build(one).messageId, build(other).messageId);
      }),
    );
  });
});

describe('the end is by the clock of the gateway:', () => {
  for (const [offset, expected] of [
    [0, '31 December 2026, 22:59 (UTC)'],
    [60, '31 December 2026, 23:59 (UTC+1)'],
    [120, '1 January 2027, 00:59 (UTC+2)'],
    [-210, '31 December 2026, 19:29 (UTC-3:30)'],
  ] as const)
    test(expected, () => {
      const reminder: Letter = { kind: 'remind', ...COMMON, expires: END, days: 1 };
      const { subject } = buildMessage(reminder, { from: FROM, language: 'en' }, () => offset);
      assert.equal(subject, `Your access to members ends on ${expected}`);
    });
});
