import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { STYLE } from '../../../src/cli/page/drawing/style.ts';
import { renderPage } from '../../../src/cli/page/page.ts';
import { EYES, findContrast, findDistance, look } from '../../page/colors.ts';
import { SAMPLE, SMALL } from '../../page/sample.ts';

const [BUSY] = SMALL.domains;
const TEN = BUSY === undefined ? SMALL : { ...SMALL, domains: Array.from({ length: 10 }, () => BUSY) };

describe('a page', () => {
  for (const [name, facts] of Object.entries({ small: SMALL, 'with everything': SAMPLE })) {
    test(`that is ${name} refers to nothing outside itself`, () => {
      const page = renderPage(facts);
      assert.doesNotMatch(page, /\w:\/\/|\ssrc=|url\(|@import|<(script|iframe|object|embed|img|form|base)\b|\son\w+=/i);
      const targets = [...page.matchAll(/\shref="([^"]*)"/g)].map(([, target = '']) => target);
      for (const target of targets) {
        assert.ok(target === 'data:,' || page.includes(` id="${target.slice(1)}"`), target);
      }
    });

    test(`that is ${name} has no number that is none`, () => {
      assert.doesNotMatch(renderPage(facts), /NaN|Infinity|undefined|null|\[object|e[+-]\d/);
    });
  }

  test('of ten busy domains has less than 60 KiB', () => {
    assert.ok(renderPage(TEN).length < 61_440, `${renderPage(TEN).length}`);
  });

  test('has the numbers of a domain as text, too', () => {
    const page = renderPage(SMALL);
    assert.match(
      page,
      /<title>216 routers: 180 alive, 12 idle, 3 stale, 19 never connected, 2 set up by hand<\/title>/,
    );
    assert.match(
      page,
      /<title>Exchanges of the last day: 166 joined, 5 refused, 3 failed; at most 36 in an hour<\/title>/,
    );
    assert.match(page, /<th scope="row">15 to 60 min<\/th>\n.*\n<td>4<\/td>/);
  });

  test('says it where nothing is known or nobody came', () => {
    const page = renderPage(SAMPLE);
    for (const text of ['It knows no router.', 'No router came in the last day.', 'Its routers could not be read.'])
      assert.equal(page.split(text).length, 2, text);
  });
});

describe('the marks of charts', () => {
  const MARKS = ['alive', 'idle', 'stale', 'pending', 'static', 'joined', 'refused', 'failed'];
  const [light = '', dark = ''] = STYLE.text.split('@media');
  for (const [name, style] of Object.entries({ light, dark })) {
    const find = (color: string) => style.match(new RegExp(`--${color}:(#[0-9a-f]+)`))?.[1] ?? '';

    test(`can be seen in the ${name} scheme`, () => {
      for (const mark of MARKS) assert.ok(findContrast(find(mark), find('card')) >= 3, mark);
    });

    for (const [eyes, matrix] of Object.entries(EYES)) {
      test(`are told apart in the ${name} scheme by ${eyes} eyes`, () => {
        for (const [one, other] of pairs(MARKS.slice(0, 5), MARKS.slice(5))) {
          const distance = findDistance(look(find(one), matrix), look(find(other), matrix));
          assert.ok(distance >= 0.1, `${one} and ${other}: ${distance}`);
        }
      });
    }
  }
});

/** Any two of a group. */
function pairs(...groups: readonly (readonly string[])[]): (readonly [string, string])[] {
  return groups.flatMap((group) =>
    group.flatMap((one, index) => group.slice(index + 1).map((other) => [one, other] as const)),
  );
}
