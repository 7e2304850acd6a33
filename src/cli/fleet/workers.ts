import { type Config, isMesh } from '../../config/config.ts';
import type { BrokerUrl } from '../../core/fleet/broker-url.ts';
import type { NamedWorkers } from '../../core/fleet/workers/roster.ts';
import { type Concern, fault } from '../gateway/concern.ts';
import type { FleetWorker } from './heard.ts';
import type { FleetReading } from './reading.ts';

/**
 * Only `online` can be chosen, and whether it lives the broker does not know: its numbers are retained. `unnamed`: the
 * configuration does not have it in `workers`; `other key`: there it has another one.
 */
export type WorkerCondition = 'online' | 'offline' | 'unnamed' | 'other key' | 'unreadable';

/** A worker of freifunkMUC for one domain, as this machine sees it. */
export interface WorkerPlace extends FleetWorker {
  readonly condition: WorkerCondition;
  readonly weight: number | undefined;
}

/** By domain, then by worker. */
export function findWorkerPlaces({ workers }: FleetReading, named: NamedWorkers): WorkerPlace[] {
  const places = workers.map((worker) => ({
    ...worker,
    condition: judge(worker, named),
    weight: findNamed(named, worker.worker)?.weight,
  }));
  const name = ({ domain, worker }: FleetWorker) => `${domain} ${worker}`;
  return places.sort((one, other) => (name(one) < name(other) ? -1 : 1));
}

/** What is wrong with freifunkMUC's workers, and with this machine for them. */
export function findWorkerConcerns({ mqtt, domains }: Config, reading: FleetReading): Concern[] {
  if (mqtt === undefined) return [];
  const places = findWorkerPlaces(reading, mqtt.workers);
  const served = new Set([
    ...places.map(({ domain }) => domain),
    ...[...domains.values()].filter(isMesh).map(({ name }) => name),
  ]);
  const dashed = places.length === 0 ? [] : [...served].filter((domain) => domain.includes('-'));
  return [
    ...dashed.map((domain) => ({ domain, ...fault('worker-domain', DASH) })),
    ...places.flatMap(findPlaceConcerns),
    ...Object.keys(mqtt.workers)
      .filter((name) => !places.some(({ worker }) => worker === name))
      .map((name) => describeAbsence(name, mqtt.url)),
  ];
}

const DASH =
  'freifunkMUC’s workers end at a domain whose name has a - after its prefix: give it another name on all machines';

/** Its worker reads the setting `tls` and does not use it. */
function describeAbsence(name: string, brokers: readonly BrokerUrl[]): Concern {
  const absence = `the broker knows no worker ${name}, which workers names`;
  const isEncrypted = brokers.every((broker) => broker.isEncrypted);
  const tls = `${absence}: freifunkMUC’s worker ignores tls, and needs a listener of the broker without encryption`;
  return { domain: undefined, ...(isEncrypted ? fault('worker-tls', tls) : fault('worker-absent', absence)) };
}

function findPlaceConcerns({ worker, domain, condition }: WorkerPlace): Concern[] {
  switch (condition) {
    case 'online':
    case 'unnamed':
      return [];
    case 'offline':
      return [{ domain, ...fault('worker-offline', `the worker ${worker} is offline`) }];
    case 'other key':
      return [{ domain, ...fault('worker-key', `the worker ${worker} has another public key than in workers`) }];
    case 'unreadable':
      return [{ domain, ...fault('worker-unreadable', `the data of the worker ${worker} cannot be used`) }];
  }
}

function judge({ worker, isOnline, data, count = 0 }: FleetWorker, named: NamedWorkers): WorkerCondition {
  const wanted = findNamed(named, worker);
  if (wanted === undefined) return 'unnamed';
  if (data === undefined) return 'unreadable';
  if (wanted.public_key !== undefined && wanted.public_key !== data.publicKey) return 'other key';
  return isOnline && count >= 0 ? 'online' : 'offline';
}

function findNamed(named: NamedWorkers, worker: string) {
  return Object.hasOwn(named, worker) ? named[worker] : undefined;
}

/** The domains' workers that a router may get. */
export function countWorkers(reading: FleetReading, named: NamedWorkers): number {
  const online = findWorkerPlaces(reading, named).filter(({ condition }) => condition === 'online');
  return new Set(online.map(({ worker }) => worker)).size;
}
