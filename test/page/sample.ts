import { HOUR_SECONDS, type Hour } from '../../src/cli/page/drawing/hours.ts';
import type { DomainFacts, PageFacts } from '../../src/cli/page/facts.ts';
import { parseDomainName } from '../../src/core/values/names.ts';
import { NOW } from '../core/arbitraries.ts';

const START = Math.floor(NOW / 600) * 600 + 600 - 24 * HOUR_SECONDS;

/** An ordinary day: calm at night, a peak in hour 7; all counts are multiplied by `busy`. */
export function makeHours(busy: number): Hour[] {
  return Array.from({ length: 24 }, (_, hour) => {
    const joined = Math.round(busy * (6 + 5 * Math.sin(hour / 3.8) + (hour === 7 ? 22 : 0)));
    const counts = { joined, refused: hour % 5 === 0 ? busy : 0, failed: hour === 7 ? 3 * busy : 0 };
    return { since: START + hour * HOUR_SECONDS, counts };
  });
}

function makeDomain(name: string, details: Partial<DomainFacts> = {}): DomainFacts {
  return {
    name: parseDomainName(name),
    condition: 'in order',
    peers: {
      states: { alive: 180, idle: 12, stale: 3, pending: 19, static: 2 },
      ages: [
        { age: 'up to 3 min', count: 182 },
        { age: '3 to 15 min', count: 8 },
        { age: '15 to 60 min', count: 4 },
        { age: '1 to 24 h', count: 2 },
        { age: 'over a day', count: 1 },
        { age: 'never', count: 19 },
      ],
    },
    hours: makeHours(1),
    lastExchange: NOW - 130,
    ...details,
  };
}

const NO_PEERS = {
  states: { alive: 0, idle: 0, stale: 0, pending: 0, static: 0 },
  ages: [],
} as const;

/** A gateway with a domain of each kind: sound, faulty, with the longest name and numbers, empty, unreadable. */
export const SAMPLE: PageFacts = {
  at: NOW,
  condition: 'in order',
  domains: [
    makeDomain('ffww01'),
    makeDomain('ffmuc_welt', { condition: 'needs attention', lastExchange: NOW - 86_400 }),
    makeDomain('w'.repeat(32), {
      hours: makeHours(1_000_000),
      peers: {
        states: { alive: 98_765, idle: 1, stale: 1234, pending: 99_999, static: 1 },
        ages: [
          { age: 'up to 3 min', count: 98_766 },
          { age: 'never', count: 99_999 },
        ],
      },
    }),
    makeDomain('fresh', { peers: NO_PEERS, hours: makeHours(0), lastExchange: undefined }),
    makeDomain('gone', { condition: 'out of service', peers: undefined }),
  ],
};

/** A typical gateway. */
export const SMALL: PageFacts = { at: NOW, condition: 'in order', domains: [makeDomain('ffww01')] };
