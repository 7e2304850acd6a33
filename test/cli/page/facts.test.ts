import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findConcerns } from '../../../src/cli/gateway/attention.ts';
import { countAges } from '../../../src/cli/page/ages.ts';
import { describeConditions } from '../../../src/cli/page/condition.ts';
import { listTicks } from '../../../src/cli/page/drawing/axis.ts';
import { addUpCounts, groupHours } from '../../../src/cli/page/drawing/hours.ts';
import { html } from '../../../src/cli/page/drawing/markup.ts';
import { addUp } from '../../../src/cli/page/drawing/shapes.ts';
import { findFacts } from '../../../src/cli/page/facts.ts';
import { listLastDay, NO_ACTIVITY } from '../../../src/core/exchange/activity.ts';
import { NOW } from '../../core/arbitraries.ts';
import { SOUND_STATUS, STATUS } from '../scene.ts';

const tell = (status: typeof STATUS) => findFacts(status, findConcerns(status));

describe('what everybody may know', () => {
  const facts = tell(STATUS);

  test('has how each domain is, not why', () => {
    assert.deepEqual(
      facts.domains.map(({ name, condition }) => [name, condition]),
      [
        ['ffww01', 'needs attention'],
        ['ffmuc_welt', 'needs attention'],
        ['fftest', 'out of service'],
      ],
    );
    assert.equal(facts.condition, 'out of service');
    assert.equal(tell({ ...STATUS, isListening: true }).condition, 'needs attention');
    assert.deepEqual(
      [tell(SOUND_STATUS).condition, tell(SOUND_STATUS).domains[0]?.condition],
      ['in order', 'in order'],
    );
  });

  test('is told in a sentence for each kind of thing', () => {
    const sentences = (status: typeof STATUS) => describeConditions(tell(status)).map(({ sentence }) => sentence);
    assert.deepEqual(sentences(STATUS), [
      'The gateway lets no new router in.',
      '1 domain is out of service.',
      '2 domains need the operator’s attention.',
    ]);
    assert.deepEqual(sentences(SOUND_STATUS), ['Everything is in order.']);
  });

  test('has how many routers there are of each kind, where they can be read', () => {
    const [first, , last] = facts.domains;
    assert.deepEqual(first?.peers?.states, { alive: 1, idle: 1, stale: 1, pending: 1, static: 1 });
    assert.deepEqual(
      first?.peers?.ages.map(({ count }) => count),
      [2, 0, 1, 0, 1, 1],
    );
    assert.equal(last?.peers, undefined);
    assert.deepEqual([first?.lastExchange, last?.lastExchange], [NOW - 2700, undefined]);
  });

  test('is numbers, names of domains and words of the page alone', () => {
    const words = new Set(['in order', 'needs attention', 'out of service', ...STATUS.domains.map(nameOf)]);
    for (const { age } of countAges({ at: NOW, peers: [] })) words.add(age);
    for (const value of listValues(facts)) {
      assert.ok(typeof value === 'number' || value === undefined || words.has(String(value)), String(value));
    }
  });
});

describe('the ages of handshakes', () => {
  const CASES = [
    ['of the future', NOW + 9, 0],
    ['of this moment', NOW, 0],
    ['of 180 s, which is alive', NOW - 180, 0],
    ['of 181 s', NOW - 181, 1],
    ['of 15 min', NOW - 900, 1],
    ['of an hour', NOW - 3600, 2],
    ['of a day', NOW - 86_400, 3],
    ['of more than a day', NOW - 86_401, 4],
    ['that never were', 'never', 5],
  ] as const;
  for (const [name, lastHandshake, expected] of CASES) {
    test(`have a place for one ${name}`, () => {
      const counts = countAges({ at: NOW, peers: [{ peer: { lastHandshake } }] }).map(({ count }) => count);
      assert.deepEqual(
        counts,
        counts.map((_, index) => (index === expected ? 1 : 0)),
      );
    });
  }

  test('have one place for each router', () => {
    const heard = fc.oneof(fc.constant('never' as const), fc.integer({ min: 0, max: 2 * NOW }));
    fc.assert(
      fc.property(fc.array(heard), (times) => {
        const peers = times.map((lastHandshake) => ({ peer: { lastHandshake } }));
        assert.equal(addUp(countAges({ at: NOW, peers }).map(({ count }) => count)), times.length);
      }),
    );
  });
});

describe('the hours of the last day', () => {
  test('are 24, and the last one ends with the ten minutes that are now', () => {
    const hours = groupHours(listLastDay(NO_ACTIVITY, NOW));
    assert.equal(hours.length, 24);
    const [first, second] = hours;
    const end = (hours.at(-1)?.since ?? 0) + 3600;
    assert.equal((second?.since ?? 0) - (first?.since ?? 0), 3600);
    assert.ok(end > NOW && end <= NOW + 600 && end % 600 === 0);
  });

  test('have all exchanges of their intervals', () => {
    const counts = fc.record({ joined: fc.nat(), refused: fc.nat(), failed: fc.nat() }, { noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(counts, { minLength: 144, maxLength: 144 }), (all) => {
        const intervals = all.map((counts, index) => ({ since: index * 600, counts }));
        const hours = groupHours(intervals);
        assert.deepEqual(addUpCounts(hours), addUpCounts(intervals));
        assert.deepEqual(hours[3], { since: 10_800, counts: addUpCounts(intervals.slice(18, 24)) });
      }),
    );
  });
});

describe('the axis of a day', () => {
  const CASES = [
    [
      'from midnight',
      0,
      [
        [0, 0],
        [21_600, 25],
        [43_200, 50],
        [64_800, 75],
        [86_400, 100],
      ],
    ],
    [
      'from 22:20',
      80_400,
      [
        [86_400, 6.9],
        [108_000, 31.9],
        [129_600, 56.9],
        [151_200, 81.9],
      ],
    ],
  ] as const;
  for (const [name, since, expected] of CASES) {
    test(`${name} tells every sixth hour where it is`, () => {
      assert.deepEqual(
        listTicks(since, 86_400).map(({ time, x }) => [time, x]),
        expected,
      );
    });
  }
});

test('text in a page is text, whatever it says', () => {
  const evil = `<script>"&'`;
  assert.equal(
    html`<b title="${evil}">${[evil, html`<i>${1}</i>`]}</b>`.text,
    `<b title="${SAFE}">${SAFE}<i>1</i></b>`,
  );
});

const SAFE = '&lt;script&gt;&quot;&amp;&#39;';

function nameOf({ domain }: { readonly domain: { readonly name: string } }): string {
  return domain.name;
}

function listValues(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(listValues) : [value];
}
