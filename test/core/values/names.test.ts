import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../../src/core/values/errors.ts';
import { isDomainName, isInterfaceName, parseDomainName, parseInterfaceName } from '../../../src/core/values/names.ts';
import { damaged, domainNames, texts } from '../arbitraries.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

test('the name of a domain has 1 to 32 small letters, digits, dashes and underscores, and begins with one of the first two', () => {
  fc.assert(
    fc.property(fc.oneof(domainNames, damaged(domainNames), texts), (text) => {
      const isExpected =
        text.length >= 1 &&
        text.length <= 32 &&
        LETTERS.includes(text.charAt(0)) &&
        [...text].every((character) => `${LETTERS}-_`.includes(character));
      assert.equal(isDomainName(text), isExpected);
      if (isExpected) assert.equal(parseDomainName(text), text);
      else assert.throws(() => parseDomainName(text), InputError);
    }),
  );
});

const DOMAIN_NAMES = [
  ['one character', 'a', true],
  ['32 characters', 'a'.repeat(32), true],
  ['33 characters', 'a'.repeat(33), false],
  ['nothing', '', false],
  ['a capital letter', 'ffWW01', false],
  ['a dash in front', '-ffww01', false],
  ['a line end', 'ffww01\n', false],
  ['a way out of its directory', '../ffww01', false],
] as const;
for (const [name, text, isAccepted] of DOMAIN_NAMES) {
  test(`${name} is ${isAccepted ? 'accepted' : 'refused'} as the name of a domain`, () => {
    assert.equal(isDomainName(text), isAccepted);
  });
}

test('an interface never has a name that the kernel refuses or a command line misreads', () => {
  const nearlyNames = fc.string({ unit: fc.constantFrom(...'wg01.-_:/% \n"\'\\#é'), maxLength: 17 });
  fc.assert(
    fc.property(fc.oneof(nearlyNames, texts), (text) => {
      if (!isInterfaceName(text)) {
        assert.throws(() => parseInterfaceName(text), InputError);
        return;
      }
      assert.equal(parseInterfaceName(text), text);
      const bytes = Buffer.byteLength(text);
      assert.ok(bytes >= 1 && bytes <= 15);
      assert.doesNotMatch(text, /[\s/:%"'\\#]|^[-.]/);
    }),
  );
});

const INTERFACE_NAMES = [
  ['an ordinary name', 'wgww01', true],
  ['one of 15 bytes', 'wg-ffww_01.1234', true],
  ['one of 16 bytes', 'wg-ffww_01.12345', false],
  ['one of 15 characters but 16 bytes', 'wg-ffww-01-123é', false],
  ['one with a slash', 'wg/0', false],
  ['one with a colon', 'wg:0', false],
  ['one with a blank', 'wg 0', false],
  ['one with a dash in front', '-wg0', false],
  ['the directory itself', '.', false],
  ['the directory above', '..', false],
  ['a word of the ip program', 'all', false],
  ['another word of the ip program', 'default', false],
  ['nothing', '', false],
] as const;
for (const [name, text, isAccepted] of INTERFACE_NAMES) {
  test(`${name} is ${isAccepted ? 'accepted' : 'refused'} as the name of an interface`, () => {
    assert.equal(isInterfaceName(text), isAccepted);
  });
}
