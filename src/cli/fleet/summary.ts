import type { Config } from '../../config/config.ts';
import type { NamedWorkers } from '../../core/fleet/workers/roster.ts';
import { describeError } from '../../core/values/errors.ts';
import { isDrained } from '../../system/host/drain.ts';
import { type Concern, fault } from '../gateway/concern.ts';
import { findOwnConcerns } from './findings.ts';
import type { FleetReading } from './reading.ts';
import { countWorkers } from './workers.ts';

export interface FleetCounts {
  readonly gateways: number;
  readonly online: number;
  /** The workers of freifunkMUC that a router may get. */
  readonly unacknowledged: number;
}

/** The fleet in a line, for a gateway that is part of one. */
export interface FleetSummary {
  readonly line: string;
  /** Undefined if no broker can be reached. */
  readonly counts: FleetCounts | undefined;
  readonly isDrained: boolean;
  readonly concerns: readonly Concern[];
}

/** Undefined without `[mqtt]`; then nothing of it is loaded. Never rejects. */
export async function summariseFleet(config: Config): Promise<FleetSummary | undefined> {
  if (config.mqtt === undefined) return undefined;
  const { readFleet } = await import('./reading.ts');
  const drained = isDrained(config.state_directory);
  try {
    const reading = await readFleet(config.mqtt);
    const counts = countGateways(reading, config.mqtt.workers);
    const line = `${describeCounts(counts)}; the broker is ${reading.broker}`;
    const concerns = findOwnConcerns(config, reading);
    return { line: appendDrained(line, drained), counts, isDrained: drained, concerns };
  } catch (error) {
    const problem = `${describeError(error)}; each gateway serves only its own domains`;
    const concerns = [{ domain: undefined, ...fault('broker-unreachable', problem) }];
    return { line: appendDrained('unknown', drained), counts: undefined, isDrained: drained, concerns };
  }
}

function countGateways(reading: FleetReading, workers: NamedWorkers): FleetCounts {
  const gateways = reading.members.filter(({ domains }) => domains.size > 0);
  const online = gateways.filter(({ isOnline }) => isOnline).length;
  return { gateways: gateways.length, online, unacknowledged: countWorkers(reading, workers) };
}

function describeCounts({ gateways, online, unacknowledged }: FleetCounts): string {
  const theirs = `${unacknowledged} ${unacknowledged === 1 ? 'worker' : 'workers'} of freifunkMUC, unacknowledged`;
  return `${online} of ${gateways} gateways are online${unacknowledged === 0 ? '' : `, and ${theirs}`}`;
}

function appendDrained(line: string, drained: boolean): string {
  return drained ? `${line}; this gateway is drained` : line;
}
