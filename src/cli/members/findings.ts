import type { Config, DomainConfig } from '../../config/config.ts';
import type { MemberDifference } from '../../core/changes/members.ts';
import type { Lease, LeasedAddresses } from '../../core/leases/lease.ts';
import type { DomainName } from '../../core/values/names.ts';
import { DAY_SECONDS, type UnixSeconds } from '../../core/values/time.ts';
import type { LeaseTableError } from '../../system/leases/table-error.ts';
import { type Concern, fault } from '../gateway/concern.ts';
import { HarmlessRemedy } from '../gateway/harmless.ts';
import { count } from '../terminal/words.ts';

/** The operator should know about a limit before it is reached. */
const NEARLY_FULL = 0.9;
/** In one sentence; `wgkex lease list` has the others. */
const MOST_NAMED = 3;

/** A table that cannot be read. */
export function findTableFault({ problem, remedy, isUnusable }: LeaseTableError): Concern {
  const restoring = isUnusable ? '; to restore a backup: wgkex lease restore FILE' : '';
  const consequence = `${problem}; members get FAILED, and nobody is removed${restoring}`;
  return { domain: undefined, ...fault('leases-unreadable', consequence, remedy) };
}

/** Leases of domains that have no pool any more. */
export function findHomeless(leases: readonly Lease[], { domains }: Config): Concern[] {
  const homeless = leases.filter(({ domain, ended }) => ended === undefined && !domains.get(domain)?.leased);
  return [...new Set(homeless.map(({ domain }) => domain))].map((name) => {
    const ofDomain = homeless.filter(({ domain }) => domain === name);
    const are = count(ofDomain.length, 'lease is', 'leases are');
    const what = `${are} for ${name}, which has no pool in the configuration`;
    const problem = `${what}: put it back, or end them with wgkex lease revoke ID (${nameLeases(ofDomain)})`;
    return { domain: undefined, ...fault('leases-without-domain', problem) };
  });
}

/** Leases that do not fit into the pool of their domain, and a pool that has hardly an address left. */
export function findPoolFaults(leases: readonly Lease[], domain: DomainConfig, now: UnixSeconds): Concern[] {
  const { name, leased } = domain;
  if (leased === undefined) return [];
  const { pool, quarantine_days } = leased;
  const lasting = leases.filter((lease) => lease.domain === name && lease.ended === undefined);
  const outside = lasting.filter((lease) => listAddresses(lease).some((address) => !pool.contains(address)));
  const isQuarantined = ({ ended }: Lease) => ended !== undefined && ended + quarantine_days * DAY_SECONDS > now;
  const resting = leases.filter((lease) => lease.domain === name && isQuarantined(lease)).filter(hasAddress);
  // The gateway has an address, too.
  const taken = lasting.filter(hasAddress).length + resting.length + 1;
  const quarantine = resting.length === 0 ? '' : `, ${resting.length} of them in quarantine`;
  const full = `${taken} of the ${pool.size} addresses of the pool are taken${quarantine}: make it larger`;
  const faults = [
    ...(outside.length === 0 ? [] : [fault('leases-outside-pool', describeOutside(outside))]),
    ...(taken > 1 && taken >= pool.size * NEARLY_FULL ? [fault('pool-limit', full)] : []),
  ];
  return faults.map((one) => ({ domain: name, ...one }));
}

function describeOutside(outside: readonly Lease[]): string {
  const have = count(outside.length, 'lease has an address', 'leases have addresses');
  const free = `free them for another key and address with wgkex lease release ID (${nameLeases(outside)})`;
  return `${have} outside the pool: make it larger again, or ${free}`;
}

/** Members without their peers, and peers that no lease explains. */
export function findMemberFaults(name: DomainName, { unserved, leaseless }: MemberDifference): Concern[] {
  const lacks = count(unserved.length, 'bound lease lacks its peer', 'bound leases lack their peers');
  const repair = HarmlessRemedy.restoreForwarding(name);
  const has = count(leaseless.length, 'peer has no lease', 'peers have no lease');
  const removes = `the cleanup removes ${leaseless.length === 1 ? 'it' : 'them'}`;
  const faults = [
    // While there is a peer without a lease, a repair may remove it.
    ...(unserved.length === 0 ? [] : [fault('peers-missing', lacks, leaseless.length === 0 ? repair : String(repair))]),
    ...(leaseless.length === 0 ? [] : [fault('peers-without-lease', `${has}; ${removes}`)]),
  ];
  return faults.map((one) => ({ domain: name, ...one }));
}

function nameLeases(leases: readonly Lease[]): string {
  const named = leases.slice(0, MOST_NAMED).map(({ id }) => id);
  const others = leases.length - named.length;
  return others === 0 ? named.join(', ') : `${named.join(', ')} and ${others} more, see wgkex lease list`;
}

function listAddresses({ address4, address6 }: LeasedAddresses) {
  return [address4, address6].filter((address) => address !== undefined);
}

function hasAddress(lease: Lease): boolean {
  return listAddresses(lease).length > 0;
}
