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
  /** Why a part of a failed change is still there; the cleanup will find it. */
  readonly leftOver: unknown;
}

/**
 * Applies changes to a domain, each in its order: one `wg set`, one `bridge -batch`, and one `ip -batch` if the domain
 * keeps routes. Peers and entries are changed in parallel, as neither needs the other. But when a change evicts a peer,
 * `wg` runs first: that peer keeps its entries until it is gone.
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
 * Removes a key for an operator: its peer, then its entries and its route. In the other order the cleanup would repair
 * a removal that was interrupted. Returns why entries or a route are still there; the cleanup will find them.
 * @throws Error if the peer is still there.
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
 * Undoes half-done additions: a new peer that frames cannot reach is useless to its router, which gets `FAILED`, and so
 * are entries without a peer. What a program that hung has done is left to the cleanup: nobody waits for two hangs.
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
