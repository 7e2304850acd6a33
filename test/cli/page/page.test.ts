import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { STYLE } from '../../../src/cli/page/drawing/style.ts';
import { renderPage } from '../../../src/cli/page/page.ts';
import { EYES, findContrast, findDistance, look } from '../../page/colors.ts';
import { SAMPLE, SMALL } from '../../page/sample.ts';

const [BUSY] = SMALL.domains;
const TEN = BUSY === undefined ? SMALL : { ...SMALL, domains: Array.from({ length: 10 }, () => BUSY) };

describe('a page', () => {
  for (const [name, facts] of Object.entries({ small: SMALL, full: SAMPLE })) {
    test(`that is ${name} refers to nothing outside itself`, () => {
      const page = renderPage(facts);
      assert.doesNotMatch(page, /\w:\/\/|\ssrc=|url\(|@import|<(script|iframe|object|embed|img|form|base)\b|\son\w+=/i);
      const targets = [...page.matchAll(/\shref="([^"]*)"/g)].map(([, target = '']) => target);
      for (const target of targets) {
        assert.ok(target === 'data:,' || page.includes(` id="${target.slice(1)}"`), target);
      }
    });

    test(`that is ${name} has only valid numbers`, () => {
      assert.doesNotMatch(renderPage(facts), /NaN|Infinity|undefined|null|\[object|e[+-]\d/);
    });
  }

  test('with ten busy domains takes less than 60 KiB', () => {
    assert.ok(renderPage(TEN).length < 61_440, `${renderPage(TEN).length}`);
  });

  test('also has the numbers of a domain as text', () => {
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

  test('says so if nothing is known or there were no exchanges', () => {
    const page = renderPage(SAMPLE);
    for (const text of ['No routers are known.', 'No exchanges in the last day.', 'Its routers could not be read.'])
      assert.equal(page.split(text).length, 2, text);
  });
});

describe('the marks of charts', () => {
  const MARKS = ['alive', 'idle', 'stale', 'pending', 'static', 'joined', 'refused', 'failed'];
  const [light = '', dark = ''] = STYLE.text.split('@media');
  for (const [name, style] of Object.entries({ light, dark })) {
    const find = (color: string) => style.match(new RegExp(`--${color}:(#[0-9a-f]+)`))?.[1] ?? '';

    test(`are visible in the ${name} scheme`, () => {
      for (const mark of MARKS) assert.ok(findContrast(find(mark), find('card')) >= 3, mark);
    });

    for (const [eyes, matrix] of Object.entries(EYES)) {
      test(`can be told apart in the ${name} scheme by ${eyes} eyes`, () => {
        for (const [one, other] of pairs(MARKS.slice(0, 5), MARKS.slice(5))) {
          const distance = findDistance(look(find(one), matrix), look(find(other), matrix));
          assert.ok(distance >= 0.1, `${one} and ${other}: ${distance}`);
        }
      });
    }
  }
});

/** All pairs within each group. */
function pairs(...groups: readonly (readonly string[])[]): (readonly [string, string])[] {
  return groups.flatMap((group) =>
    group.flatMap((one, index) => group.slice(index + 1).map((other) => [one, other] as const)),
  );
}
