import { listPeers } from '../../src/cli/reading/peers.ts';
import { TrafficMeter } from '../../src/cli/reading/rates.ts';
import { type Answer, findRouters } from '../../src/cli/reading/router.ts';
import type { Outcome } from '../../src/cli/rendering/reply.ts';
import type { Frame } from '../../src/cli/rendering/watch.ts';
import { parseRouterQuery } from '../../src/core/router-query.ts';
import { NOW } from '../core/arbitraries.ts';
import { ABSENT, CONFIG, READINGS, SCENE_KEYS } from './scene.ts';

const JOURNAL = [
  { time: NOW - 60, message: 'removed ffww01 fe80::d6:e3ff:fe06:ecb key=xZQUdI4zvzKm… heard=never' },
  { time: NOW - 4000, message: 'joined ffww01 fe80::d6:e3ff:fe06:ecb key=xZQUdI4zvzKm… from=2001:db8::1 new\x1b[31m' },
];

/** What `wgkex show` answers. */
export function findAnswer(asked: string): Answer {
  const query = parseRouterQuery(asked);
  const surroundings = { config: CONFIG, ownAddresses: new Set<never>(), disallowed: new Set([ABSENT]) };
  const routers = findRouters(query, READINGS, surroundings);
  const isFound = routers.some(({ memberships }) => memberships.some(({ listed }) => listed !== undefined));
  const journal = isFound ? undefined : asked === ABSENT ? JOURNAL : [];
  return { asked, query, config: CONFIG, readings: READINGS, routers, isFound, isOwn: false, journal };
}

/** What `wgkex watch` shows: two seconds ago, one of the peers had sent and received less. */
export function buildFrame(): Frame {
  const meter = new TrafficMeter();
  const earlier = READINGS.map((reading) => ({
    ...reading,
    at: reading.at - 2,
    peers: reading.peers.map((surveyed) => {
      const { peer } = surveyed;
      const isBusy = peer.key === SCENE_KEYS.alive && peer.received > 1_000_000;
      return isBusy ? { ...surveyed, peer: { ...peer, received: peer.received - 3_000_000 } } : surveyed;
    }),
  }));
  meter.update(earlier);
  meter.update(READINGS);
  const listed = READINGS.flatMap((reading) => listPeers(reading, {}, 'traffic'));
  const watched = listed.map((peer) => ({ ...peer, rate: meter.find(peer) }));
  return {
    at: NOW,
    intervalSeconds: 2,
    watched,
    hasDomains: true,
    complaints: ['Cannot read the peers of fftest: it is gone'],
  };
}

/** What became of `wgkex exchange`. */
export function buildOutcome(meaning: Outcome['meaning']): Outcome {
  const gateway = { host: 'gateway.example', port: 10012 };
  const text = meaning === undefined ? 'SSH-2.0-OpenSSH\r\n' : '';
  const key = SCENE_KEYS.alive;
  return {
    gateway,
    domain: 'ffww01',
    key,
    address: '192.0.2.1',
    milliseconds: 23,
    text,
    meaning,
    isGood: meaning === 'OK',
  };
}
