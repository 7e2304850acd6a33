import type { DomainFacts, PageFacts } from '../../src/cli/page/facts.ts';
import { type History, MAX_SLOTS, SLOT_SECONDS } from '../../src/core/peers/history.ts';
import { parseDomainName } from '../../src/core/values/names.ts';
import { NOW } from '../core/arbitraries.ts';

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const END = (Math.floor(NOW / SLOT_SECONDS) + 1) * SLOT_SECONDS;

/**
 * An ordinary week: some routers are switched off at night, an outage of three hours lets most of them join again, and
 * the last pass of each day was late for its slot. All counts are multiplied by `busy`.
 */
export function makeHistory(busy: number): History {
  const slots = Array.from({ length: MAX_SLOTS }, (_, index) => {
    const since = END - (MAX_SLOTS - index) * SLOT_SECONDS;
    const sinceOutage = since - (END - 2.2 * DAY_SECONDS);
    const wave = Math.sin(((since % DAY_SECONDS) / DAY_SECONDS - 0.35) * 2 * Math.PI);
    const isBack = sinceOutage >= 0 && sinceOutage < HOUR_SECONDS / 2;
    const isEvening = (since % DAY_SECONDS) / HOUR_SECONDS === 17;
    const joined = busy * (isBack ? 80 : isEvening ? 9 : index % 7 === 0 ? 1 : 0);
    return { since, alive: Math.round(busy * (170 + 12 * wave + (index % 3))), joined, sinceOutage, index };
  });
  return slots
    .filter(({ sinceOutage, index }) => sinceOutage >= 0 || sinceOutage < -3 * HOUR_SECONDS || index % 97 === 0)
    .filter(({ index }) => index % 96 !== 95)
    .map(({ since, alive, joined }) => ({ since, alive, joined }));
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
    history: makeHistory(1),
    registrations: { joined: 1866, refused: 35, failed: 3 },
    lastRegistration: NOW - 130,
    ...details,
  };
}

const NO_REGISTRATIONS = { joined: 0, refused: 0, failed: 0 };
const NO_PEERS = {
  states: { alive: 0, idle: 0, stale: 0, pending: 0, static: 0 },
  ages: [],
} as const;

/** A gateway with a domain of each kind: sound, faulty, with the longest name and numbers, empty, unreadable. */
export const SAMPLE: PageFacts = {
  community: {
    title: 'Freifunk Westerwald & Mayen-Koblenz: Gateway fünf, im Rechenzentrum am Fluss',
    link: `https://${'freifunk'.repeat(7)}.example/gateways?see=all&of="them"`,
  },
  at: NOW,
  condition: 'in order',
  fleet: { gateways: 3, online: 2 },
  domains: [
    makeDomain('ffww01'),
    makeDomain('ffmuc_welt', {
      condition: 'needs attention',
      lastRegistration: NOW - 86_400,
      history: makeHistory(1).slice(-150),
    }),
    makeDomain('w'.repeat(32), {
      history: makeHistory(1_000_000),
      registrations: { joined: 123_456_789, refused: 98_765_432, failed: 12_345_678 },
      peers: {
        states: { alive: 98_765, idle: 1, stale: 1234, pending: 99_999, static: 1 },
        ages: [
          { age: 'up to 3 min', count: 98_766 },
          { age: 'never', count: 99_999 },
        ],
      },
    }),
    makeDomain('fresh', { peers: NO_PEERS, history: [], lastRegistration: undefined, registrations: NO_REGISTRATIONS }),
    makeDomain('gone', { condition: 'out of service', peers: undefined, history: undefined }),
  ],
};

/** A typical gateway. */
export const SMALL: PageFacts = {
  community: {},
  at: NOW,
  condition: 'in order',
  fleet: undefined,
  domains: [makeDomain('ffww01')],
};
