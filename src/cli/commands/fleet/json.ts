import { findPlaces } from '../../fleet/places.ts';
import type { FleetReading } from '../../fleet/reading.ts';
import type { WorkerPlace } from '../../fleet/workers.ts';
import { type Concern, describeFault } from '../../gateway/concern.ts';

/** The document of `wgkex fleet --json`; its shape is fixed in wgkex(8). */
export function describeFleet(
  reading: FleetReading,
  workers: readonly WorkerPlace[],
  concerns: readonly Concern[],
): object {
  return {
    time: Math.floor(reading.at),
    broker: reading.broker,
    sound: concerns.length === 0,
    gateways: findPlaces(reading).map(({ gateway, domain, condition, share, aim, state }) => ({
      ...{ gateway, domain, state: condition, name: state.name, version: state.version },
      ...{ weight: state.weight, share: share ?? null, aim: aim ?? null, location: state.location ?? null },
      ...{ alive: state.alive, peers: state.peers, max_peers: state.max_peers },
      ...{ port: state.port, public_key: state.public_key, link_address: state.link_address, names: state.names },
      ...{ sent_at: state.sent_at, since: state.since ?? null },
    })),
    workers: workers.map(describeWorker),
    others: reading.members
      .filter(({ domains }) => domains.size === 0)
      .map(({ id, isOnline }) => ({ gateway: id, online: isOnline })),
    attention: concerns.map(({ domain, ...fault }) => ({ domain: domain ?? null, ...describeFault(fault) })),
  };
}

function describeWorker({ worker, domain, condition, weight, count, data }: WorkerPlace): object {
  return {
    ...{ worker, domain, state: condition, unacknowledged: true, weight: weight ?? null },
    alive: count === undefined || count < 0 ? null : count,
    ...{ name: data?.name ?? null, port: data?.port ?? null, link_address: data?.linkAddress ?? null },
    public_key: data?.publicKey ?? null,
  };
}
