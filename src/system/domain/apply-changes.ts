import type { DomainConfig } from '../../config/config.ts';
import type { PeerChange } from '../../core/changes/change.ts';
import { type Effect, listEffects, listTakeBackEffects } from '../../core/changes/effects.ts';
import { buildEntryLines, buildPeerWords, buildRouteLines } from '../../core/changes/kernel-lines.ts';
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
  const effects = new Map(changes.map((change) => [change, listEffects(change, domain)]));
  const find = (change: C) => effects.get(change) ?? [];
  const isSomebodyGoing = changes.some(({ evicted }) => evicted.length > 0);
  const setting = applyJointly(changes, (some) =>
    setPeers(
      domain,
      some.map((change) => buildPeerWords(find(change))),
    ),
  );
  const unsetBefore = isSomebodyGoing ? await setting : new Map();
  const forwarded = changes.filter((change) => !unsetBefore.has(change));
  const forwarding = applyJointly(forwarded, (some) => setForwarding(domain, some.flatMap(find)));
  const [unset, unforwarded] = await Promise.all([setting, forwarding]);
  const leftOver = await takeBack(domain, forwarded, { unset, unforwarded });
  return { failures: new Map([...unforwarded, ...unset]), leftOver };
}

async function setForwarding(domain: DomainConfig, effects: readonly Effect[]): Promise<void> {
  await changeEntries(buildEntryLines(effects, domain));
  await changeRoutes(buildRouteLines(effects, domain));
}

/**
 * Removes what an operator removes of a key: its peer, then the entries and the route; in the other order the cleanup
 * would repair what was half done. Returns why some of these are still there, which the cleanup will find.
 * @throws Error where the peer is.
 */
export async function applyRemoval(domain: DomainConfig, effects: readonly Effect[]): Promise<unknown> {
  await setPeers(domain, [buildPeerWords(effects)]);
  try {
    await setForwarding(domain, effects);
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
  const list = (change: PeerChange) => listTakeBackEffects(change, domain);
  const [kept, left] = await Promise.all([
    applyJointly(unreachable, (some) =>
      setPeers(
        domain,
        some.map((change) => buildPeerWords(list(change))),
      ),
    ),
    applyJointly(clearable, (some) => setForwarding(domain, some.flatMap(list))),
  ]);
  return [...kept.values(), ...left.values()][0];
}
