import type { DomainConfig } from '../../config/config.ts';
import type { PeerChange } from '../../core/changes/change.ts';
import {
  buildEntryLines,
  buildEntryRemoval,
  buildPeerWords,
  buildRouteLines,
  buildRouteRemoval,
} from '../../core/changes/kernel-lines.ts';
import { buildRemovePeer } from '../../core/kernel/words.ts';
import type { LinkAddress } from '../../core/values/derived-address.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { applyJointly, type Failures } from '../kernel/bisect.ts';
import { changeEntries } from '../kernel/fdb.ts';
import { changeRoutes } from '../kernel/routes.ts';
import { setPeers } from '../kernel/wg.ts';
import { hasHung } from '../run/program-error.ts';

export interface Outcome<C extends PeerChange> {
  /** The changes that were not made, and why; all others are done. */
  readonly failures: Failures<C>;
  /** Why something of a failed change is still there, which the cleanup will find. */
  readonly leftOver: unknown;
}

/**
 * Makes changes of a domain, each in its order: one `wg set`, one `bridge -batch`, and one `ip -batch` where the domain
 * keeps routes. Peers and entries are made side by side, as neither needs the other; but where a router goes for another
 * one, it keeps its entries until it is gone.
 */
export async function applyChanges<C extends PeerChange>(
  domain: DomainConfig,
  changes: readonly C[],
): Promise<Outcome<C>> {
  const isSomebodyGoing = changes.some(({ evicted }) => evicted.length > 0);
  const setting = applyJointly(changes, (some) => setPeers(domain, some.map(buildPeerWords)));
  const unsetBefore = isSomebodyGoing ? await setting : new Map();
  const forwarded = changes.filter((change) => !unsetBefore.has(change));
  const [unset, unforwarded] = await Promise.all([setting, forwardTo(forwarded, domain)]);
  const leftOver = await takeBack(domain, forwarded, { unset, unforwarded });
  return { failures: new Map([...unforwarded, ...unset]), leftOver };
}

function forwardTo<C extends PeerChange>(changes: readonly C[], domain: DomainConfig): Promise<Failures<C>> {
  return applyJointly(changes, async (some) => {
    await changeEntries(some.flatMap((change) => buildEntryLines(change, domain)));
    await changeRoutes(some.flatMap((change) => buildRouteLines(change, domain)));
  });
}

/**
 * Takes a router's peer away, then the entries and the route of the address, unless another peer has it; in the other order the cleanup would mend what was half
 * done. Returns why some of these are still there, which the cleanup will find.
 * @throws Error where the peer is.
 */
export async function removeRouter(
  domain: DomainConfig,
  key: PublicKey,
  vacated: LinkAddress | undefined,
): Promise<unknown> {
  await setPeers(domain, [buildRemovePeer(key)]);
  if (vacated === undefined) return undefined;
  try {
    await changeEntries(buildEntryRemoval(vacated, domain));
    await changeRoutes(buildRouteRemoval(vacated, domain));
    return undefined;
  } catch (error) {
    return error;
  }
}

interface HalfDone {
  readonly unset: Failures<PeerChange>;
  readonly unforwarded: Failures<PeerChange>;
}

/**
 * A new peer that frames cannot reach is of no use to its router, which gets `FAILED`, nor are entries without a peer:
 * nothing half done stays. After a program that hung, what it makes does, for the cleanup: nobody waits for two of them.
 */
async function takeBack(
  domain: DomainConfig,
  changes: readonly PeerChange[],
  { unset, unforwarded }: HalfDone,
): Promise<unknown> {
  const added = changes.filter(({ kind }) => kind === 'add');
  const unreachable = added.filter((change) => unforwarded.has(change) && !unset.has(change));
  const failed = added.filter((change) => unforwarded.has(change) || unset.has(change));
  const clearable = failed.filter((change) => !hasHung(unforwarded.get(change)));
  const [kept, left] = await Promise.all([
    applyJointly(unreachable, (some) => setPeers(domain, some.map(buildTakeBack))),
    applyJointly(clearable, async (some) => {
      await changeEntries(some.flatMap(({ router }) => buildEntryRemoval(router, domain)));
      await changeRoutes(some.flatMap(({ router }) => buildRouteRemoval(router, domain)));
    }),
  ]);
  return [...kept.values(), ...left.values()][0];
}

function buildTakeBack({ router }: PeerChange): string[] {
  return buildRemovePeer(router.key);
}
