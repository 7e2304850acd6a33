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
      const links = [...page.matchAll(/\shref="([^"]*)"/g)].map(([, target = '']) => target);
      const outside = links.filter((target) => !target.startsWith('data:') && !target.startsWith('#'));
      assert.deepEqual(outside, facts.community.link === undefined ? [] : [escapeText(facts.community.link)]);
      for (const target of links.filter((target) => target.startsWith('#')))
        assert.ok(page.includes(` id="${target.slice(1)}"`), target);
      const rest = outside.reduce((text, target) => text.replace(target, ''), page);
      assert.doesNotMatch(rest, /\w:\/\/|\ssrc=|url\(|@import|<(script|iframe|object|embed|img|form|base)\b|\son\w+=/i);
    });

    test(`that is ${name} has only valid numbers`, () => {
      assert.doesNotMatch(renderPage(facts), /NaN|Infinity|undefined|null|\[object|e[+-]\d/);
    });
  }

  test('with ten busy domains takes less than 70 KiB', () => {
    assert.ok(renderPage(TEN).length < 71_680, `${renderPage(TEN).length}`);
  });

  test('also has the numbers of a domain as text', () => {
    const page = renderPage(SMALL);
    assert.match(
      page,
      /<title>216 routers: 180 alive, 12 idle, 3 stale, 19 never connected, 2 set up by hand<\/title>/,
    );
    assert.match(page, /<title>Routers alive in the last day: 159 to 184<\/title>/);
    assert.match(page, /<title>Routers alive in the last week: 159 to 183<\/title>/);
    assert.match(page, /<title>Routers that joined: 21 in the last day, 306 in the last week<\/title>/);
    assert.match(page, /Registrations in the last day: 1,866 admitted, 35 refused, 3 failed\./);
    assert.match(page, /<th>16:15<td>181<td>9\n/);
    assert.match(page, /<th scope="row">15 to 60 min<\/th>\n.*\n<td>4<\/td>/);
  });

  test('says so if nothing is known, or something cannot be read', () => {
    const page = renderPage(SAMPLE);
    const unread = ['Its routers could not be read.', 'Its history could not be read.'];
    for (const text of ['No routers are known.', 'There is no history yet.', ...unread])
      assert.equal(page.split(text).length, 2, text);
  });

  test('has the title and the link of the community, and else a title of its own', () => {
    const community = { title: 'Freifunk <b>', link: 'https://freifunk.example/a?b=1&c=2' };
    const page = renderPage({ ...SMALL, community });
    assert.equal(page.split('Freifunk &lt;b&gt;').length, 3, 'in the head and as the heading');
    assert.ok(page.includes('<a href="https://freifunk.example/a?b=1&amp;c=2" rel="noreferrer">freifunk.example</a>'));
    assert.equal(renderPage(SMALL).split('Gateway status').length, 3);
  });
});

describe('the marks of charts', () => {
  const MARKS = ['alive', 'idle', 'stale', 'pending', 'static', 'joined'];
  const [light = '', dark = ''] = STYLE.text.split('@media');
  for (const [name, style] of Object.entries({ light, dark })) {
    const find = (color: string) => style.match(new RegExp(`--${color}:(#[0-9a-f]+)`))?.[1] ?? '';

    test(`are visible in the ${name} scheme`, () => {
      for (const mark of MARKS) assert.ok(findContrast(find(mark), find('card')) >= 3, mark);
    });

    for (const [eyes, matrix] of Object.entries(EYES)) {
      test(`can be told apart in the ${name} scheme by ${eyes} eyes`, () => {
        for (const [one, other] of pairs(MARKS.slice(0, 5))) {
          const distance = findDistance(look(find(one), matrix), look(find(other), matrix));
          assert.ok(distance >= 0.1, `${one} and ${other}: ${distance}`);
        }
      });
    }
  }
});

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
}

/** All pairs within each group. */
function pairs(...groups: readonly (readonly string[])[]): (readonly [string, string])[] {
  return groups.flatMap((group) =>
    group.flatMap((one, index) => group.slice(index + 1).map((other) => [one, other] as const)),
  );
}
