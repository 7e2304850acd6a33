import { type Config, isMesh } from '../../config/config.ts';
import { NameIndex } from '../../core/fleet/name-index.ts';
import { formatDuration } from '../../core/values/duration.ts';
import { findOwnId } from '../../mqtt-client/own-id.ts';
import { type Concern, fault } from '../gateway/concern.ts';
import { findPlaces, type Place } from './places.ts';
import type { FleetReading } from './reading.ts';

/** What is wrong with the fleet as a whole. */
export function findFleetConcerns(reading: FleetReading): Concern[] {
  return [
    ...findPlaces(reading).flatMap((place) => findPlaceConcerns(place, reading.at)),
    ...findDisputes(reading),
    ...reading.unreadable.map((line) => ({ domain: undefined, ...fault('fleet-unreadable', line) })),
  ];
}

/** What is wrong with the way in which this gateway takes part. */
export function findOwnConcerns({ domains, mqtt }: Config, { members }: FleetReading): Concern[] {
  if (mqtt === undefined) return [];
  const own = members.find(({ id }) => id === findOwnId(mqtt));
  // Leases are this gateway's alone.
  const shared = [...domains.values()].filter(isMesh).map(({ name }) => name);
  const missing = shared.filter((domain) => own?.domains.has(domain) !== true);
  if (own?.isOnline !== true)
    return [{ domain: undefined, ...fault('fleet-not-joined', 'this gateway is not online for the broker', SEE_LOG) }];
  return missing.map((domain) => ({
    domain,
    ...fault('fleet-not-announced', 'no other machine knows that this gateway serves it', SEE_LOG),
  }));
}

const SEE_LOG = 'journalctl -u wgkex.service';

function findPlaceConcerns({ gateway, domain, state, condition }: Place, at: number): Concern[] {
  const age = Math.round(at - state.sent_at);
  const when = age < 0 ? `${formatDuration(-age)} in the future` : `${formatDuration(age)} ago`;
  switch (condition) {
    case 'online':
    case 'drained':
      return [];
    case 'offline':
      return [{ domain, ...fault('fleet-offline', `${gateway} is offline`) }];
    case 'full':
      return [{ domain, ...fault('fleet-full', `${gateway} is full: ${state.peers} of ${state.max_peers} keys`) }];
    case 'silent':
      return [
        {
          domain,
          ...fault('fleet-silent', `the last message of ${gateway} is dated ${when}: it is dead, or a clock is wrong`),
        },
      ];
  }
}

function findDisputes({ members }: FleetReading): Concern[] {
  const index = new NameIndex();
  for (const { id, domains } of members) for (const [domain, { names }] of domains) index.claim(id, domain, names);
  return index.findDisputed().map((name) => {
    const problem = `two domains claim the name ${name}: routers of other gateways get INVALID_DOMAIN for it`;
    return { domain: undefined, ...fault('fleet-names', problem) };
  });
}
