import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isEmailAddress, parseSender } from '../../../src/core/mail/address.ts';
import { texts } from '../arbitraries.ts';

describe('an address is accepted:', () => {
  for (const address of [
    'anna@example.org',
    'Anna.Bert+vpn@sub.example.org',
    "o'neill@example.org",
    'root@localhost',
    `${'a'.repeat(64)}@example.org`,
  ])
    test(address, () => assert.ok(isEmailAddress(address)));
});

describe('no address is', () => {
  const CASES = [
    ...['', 'anna', 'anna@', '@example.org', 'anna@example.org ', ' anna@example.org', 'anna@@example.org'],
    ...['anna@example.org\r\nBcc: b@example.org', 'anna@example.org\n', 'a\0@example.org', 'a,b@example.org'],
    ...['<anna@example.org>', '"anna"@example.org', 'anna(x)@example.org', 'ännä@example.org', 'anna@exämple.org'],
    ...['.anna@example.org', 'anna.@example.org', 'an..na@example.org', '-oQ/tmp@example.org', 'anna@[192.0.2.1]'],
    ...['anna@192.0.2.1', 'anna@-example.org', `${'a'.repeat(65)}@example.org`, `a@${'b'.repeat(60)}.`.repeat(5)],
    `a@${Array.from({ length: 5 }, () => 'b'.repeat(60)).join('.')}`,
  ];
  for (const text of CASES) test(JSON.stringify(text), () => assert.ok(!isEmailAddress(text)));
});

test('whatever is accepted as an address is one line of printable ASCII with one @ and no separator', () => {
  const nearly = fc.tuple(texts, texts).map(([local, host]) => `${local}@${host}`);
  fc.assert(
    fc.property(fc.oneof(texts, nearly, fc.emailAddress()), (text) => {
      if (isEmailAddress(text)) assert.match(text, /^[^\s@,;:<>()[\]"\\`\x7f-\uffff]+@[a-zA-Z0-9.-]+$/);
    }),
  );
});

describe('a sender', () => {
  test('is an address, with or without a name', () => {
    assert.deepEqual(parseSender('vpn@example.org'), { name: undefined, address: 'vpn@example.org' });
    assert.deepEqual(parseSender('Freifunk Köln <vpn@example.org>'), {
      name: 'Freifunk Köln',
      address: 'vpn@example.org',
    });
  });

  for (const text of [
    ...['', 'Freifunk', '<vpn@example.org>', 'A, B <vpn@example.org>', 'A\nBcc: b <vpn@example.org>'],
    ...['"A" <vpn@example.org>', 'A <vpn@example.org> x', 'A <a@b> <vpn@example.org>', 'group: a <vpn@example.org>'],
  ])
    test(`is not ${JSON.stringify(text)}`, () => assert.equal(parseSender(text), undefined));

  test('of any text is refused or has a name without anything that has a meaning in a header', () => {
    fc.assert(
      fc.property(texts, (name) => {
        const sender = parseSender(`${name} <vpn@example.org>`);
        if (sender !== undefined) assert.doesNotMatch(sender.name ?? '', /[\p{Cc}<>"\\,:;@()[\]]/u);
      }),
    );
  });
});
