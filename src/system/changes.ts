import type { DomainConfig } from '../config.ts';
import {
  buildEntryLines,
  buildEntryRemoval,
  buildPeerWords,
  buildRouteLines,
  type PeerChange,
} from '../core/changes.ts';
import { buildRemovePeer } from '../core/commands.ts';
import { changeEntries, changeRoutes } from './forwarding.ts';
import { applyJointly, type Failures } from './jointly.ts';
import { hasHung } from './run.ts';
import { setPeers } from './wireguard.ts';

export interface Outcome<C extends PeerChange> {
  /** The changes that were not made, and why; all others are done. */
  readonly failures: Failures<C>;
  /** Why something of a failed change is still there, which the cleanup will find. */
  readonly leftOver: unknown;
}

/** Makes changes of a domain in their order: one `wg set`, one `bridge -batch`, and one `ip -batch` where it keeps routes. */
export async function applyChanges<C extends PeerChange>(
  domain: DomainConfig,
  changes: readonly C[],
): Promise<Outcome<C>> {
  const unset = await applyJointly(changes, (some) => setPeers(domain, some.map(buildPeerWords)));
  const set = changes.filter((change) => !unset.has(change));
  const unforwarded = await applyJointly(set, async (some) => {
    await changeEntries(some.flatMap((change) => buildEntryLines(change, domain)));
    await changeRoutes(some.flatMap((change) => buildRouteLines(change, domain)));
  });
  const leftOver = await takeBack(domain, unforwarded);
  return { failures: new Map([...unset, ...unforwarded]), leftOver };
}

/**
 * A new peer that frames cannot reach is of no use to its router, which gets `FAILED`: nothing half done stays. After a
 * program that hung the entries do, for the cleanup: nobody waits for two of them.
 */
async function takeBack(domain: DomainConfig, unforwarded: Failures<PeerChange>): Promise<unknown> {
  const changes = [...unforwarded.keys()].filter(({ kind }) => kind === 'add');
  const clearable = changes.filter((change) => !hasHung(unforwarded.get(change)));
  const kept = await applyJointly(changes, (some) => setPeers(domain, some.map(buildTakeBack)));
  const left = await applyJointly(clearable, (some) =>
    changeEntries(some.flatMap(({ router }) => buildEntryRemoval(router, domain))),
  );
  return [...kept.values(), ...left.values()][0];
}

function buildTakeBack({ router }: PeerChange): string[] {
  return buildRemovePeer(router.key);
}
