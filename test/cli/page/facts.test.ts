import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findConcerns } from '../../../src/cli/gateway/attention.ts';
import { countAges } from '../../../src/cli/page/ages.ts';
import { describeConditions } from '../../../src/cli/page/condition.ts';
import { listTicks } from '../../../src/cli/page/drawing/axis.ts';
import { html } from '../../../src/cli/page/drawing/markup.ts';
import { addUp } from '../../../src/cli/page/drawing/shapes.ts';
import { findFacts } from '../../../src/cli/page/facts.ts';
import { NOW } from '../../core/arbitraries.ts';
import { SOUND_STATUS, STATUS } from '../scene.ts';

const HISTORY = [{ since: NOW - (NOW % 900), alive: 3, joined: 2 }];
const COMMUNITY = { title: 'Freifunk', link: 'https://freifunk.example/' };
const tell = (status: typeof STATUS) =>
  findFacts(status, findConcerns(status), {
    community: COMMUNITY,
    findHistory: (domain) => (domain === 'ffww01' ? HISTORY : undefined),
  });

describe('the public facts', () => {
  const facts = tell(STATUS);

  test('have the condition of each domain, not the reason', () => {
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

  test('give one sentence for each kind of problem', () => {
    const sentences = (status: typeof STATUS) => describeConditions(tell(status)).map(({ sentence }) => sentence);
    assert.deepEqual(sentences(STATUS), [
      'The gateway admits no new routers.',
      '1 domain is out of service.',
      '2 domains need the operator’s attention.',
    ]);
    assert.deepEqual(sentences(SOUND_STATUS), ['Everything is in order.']);
  });

  test('have the number of routers in each state, if they can be read', () => {
    const [first, , last] = facts.domains;
    assert.deepEqual(first?.peers?.states, { alive: 1, idle: 1, stale: 1, pending: 1, static: 1 });
    assert.deepEqual(
      first?.peers?.ages.map(({ count }) => count),
      [2, 0, 1, 0, 1, 1],
    );
    assert.equal(last?.peers, undefined);
    assert.deepEqual([first?.lastRegistration, last?.lastRegistration], [NOW - 2700, undefined]);
    assert.deepEqual([first?.history, last?.history], [HISTORY, undefined]);
  });

  test('are only numbers, names of domains, and words of the page or of the operator for it', () => {
    const words = new Set(['in order', 'needs attention', 'out of service', ...STATUS.domains.map(nameOf)]);
    for (const word of Object.values(COMMUNITY)) words.add(word);
    for (const { age } of countAges({ at: NOW, peers: [] })) words.add(age);
    for (const value of listValues(facts)) {
      assert.ok(typeof value === 'number' || value === undefined || words.has(String(value)), String(value));
    }
  });
});

describe('the ages of handshakes', () => {
  const CASES = [
    ['in the future', NOW + 9, 0],
    ['right now', NOW, 0],
    ['180 s ago, which is alive', NOW - 180, 0],
    ['181 s ago', NOW - 181, 1],
    ['15 min ago', NOW - 900, 1],
    ['an hour ago', NOW - 3600, 2],
    ['a day ago', NOW - 86_400, 3],
    ['more than a day ago', NOW - 86_401, 4],
    ['that never happened', 'never', 5],
  ] as const;
  for (const [name, lastHandshake, expected] of CASES) {
    test(`have a span for one ${name}`, () => {
      const counts = countAges({ at: NOW, peers: [{ peer: { lastHandshake } }] }).map(({ count }) => count);
      assert.deepEqual(
        counts,
        counts.map((_, index) => (index === expected ? 1 : 0)),
      );
    });
  }

  test('count each router once', () => {
    const heard = fc.oneof(fc.constant('never' as const), fc.integer({ min: 0, max: 2 * NOW }));
    fc.assert(
      fc.property(fc.array(heard), (times) => {
        const peers = times.map((lastHandshake) => ({ peer: { lastHandshake } }));
        assert.equal(addUp(countAges({ at: NOW, peers }).map(({ count }) => count)), times.length);
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
    test(`${name} has a tick at every sixth hour`, () => {
      assert.deepEqual(
        listTicks({ since, seconds: 86_400 }).map(({ time, x }) => [time, x]),
        expected,
      );
    });
  }
});

test('the axis of a week has a tick at each midnight', () => {
  const ticks = listTicks({ since: 43_200, seconds: 7 * 86_400 });
  assert.deepEqual(
    ticks.map(({ time }) => time / 86_400),
    [1, 2, 3, 4, 5, 6, 7],
  );
  assert.deepEqual([ticks[0]?.x, ticks[6]?.x], [7.1, 92.9]);
});

test('text in a page is always escaped', () => {
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
