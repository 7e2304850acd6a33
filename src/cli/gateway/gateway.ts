import type { Config, DomainConfig } from '../../config/config.ts';
import type { Activity } from '../../core/exchange/activity.ts';
import type { Link } from '../../core/host/link-details.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { readLinks } from '../../system/host/link-details.ts';
import { isServiceActive, isSystemdRunning, readNextCleanups } from '../../system/host/timers.ts';
import { readActivity } from '../../system/store/activity.ts';
import { KeyListFiles } from '../../system/store/key-lists.ts';
import { type DomainReading, readSettledDomain } from './domain.ts';
import { findInterface, type InterfaceReading } from './interfaces.ts';
import { readNames } from './names.ts';

/** Everything that `wgkex status` knows about a domain. */
export interface DomainStatus {
  readonly domain: DomainConfig;
  readonly wireguard: InterfaceReading;
  /** Undefined outside the mesh. */
  readonly vxlan: InterfaceReading | undefined;
  /** Its peers, or the reason why they cannot be read. */
  readonly reading: DomainReading | Error;
  readonly activity: Activity;
  /** `none` if no timer is active; undefined if systemd cannot be asked. */
  readonly nextCleanup: UnixSeconds | 'none' | undefined;
}

export interface GatewayStatus {
  readonly at: UnixSeconds;
  readonly domains: readonly DomainStatus[];
  /** A line for each fault of the operator's lists of keys and names, with its consequence. */
  readonly listFaults: readonly string[];
  /** Undefined if systemd cannot be asked. */
  readonly isListening: boolean | undefined;
}

/** Reads all domains at once. A domain that cannot be read is part of the status, and does not affect the others. */
export async function readGateway(domains: readonly DomainConfig[], config: Config): Promise<GatewayStatus> {
  const { names, complaints } = readNames(config);
  const [links, schedule, isListening, ...readings] = await Promise.all([
    readLinks(),
    askSystemd(() => readNextCleanups(domains.map(({ name }) => name))),
    askSystemd(isServiceActive),
    ...domains.map((domain) => readSettledDomain(domain, config, names).catch(toError)),
  ]);
  const statuses = domains.map((domain, index) => ({
    domain,
    ...findInterfaces(domain, links),
    reading: readings[index] ?? new Error(`Cannot read ${domain.name}`),
    activity: readActivity(config.state_directory, domain.name),
    nextCleanup: schedule && (schedule.get(domain.name) ?? ('none' as const)),
  }));
  const listFaults = [...findListFaults(domains, config), ...complaints];
  return { at: Date.now() / 1000, domains: statuses, listFaults, isListening };
}

function findInterfaces({ wireguard, vxlan }: DomainConfig, links: ReadonlyMap<string, Link>) {
  return {
    wireguard: findInterface(wireguard, 'WireGuard', links),
    vxlan: vxlan && findInterface(vxlan, 'VXLAN', links),
  };
}

/** In a container without systemd, or if systemd does not answer, everything else is still worth knowing. */
function askSystemd<T>(ask: () => Promise<T>): Promise<T | undefined> {
  return isSystemdRunning() ? ask().catch(() => undefined) : Promise.resolve(undefined);
}

/** Most lists apply to all domains, so their faults are reported only once. */
function findListFaults(domains: readonly DomainConfig[], config: Config): string[] {
  const faults = domains.flatMap((domain) => {
    const { problems, doubts, complaints } = new KeyListFiles(domain, config).read();
    const harmless = complaints.filter((complaint) => !doubts.includes(complaint));
    const others = doubts.filter((doubt) => !problems.includes(doubt));
    return [
      ...problems.map((problem) => `${problem}; new keys get FAILED, and the cleanup removes nobody`),
      ...others.map((doubt) => `${doubt}; the cleanup removes nobody`),
      ...harmless,
    ];
  });
  return [...new Set(faults)];
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
