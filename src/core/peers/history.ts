import type { UnixSeconds } from '../values/time.ts';
import type { Claims, Proofs } from './claims.ts';

/** What the passes of the cleanup saw in a quarter of an hour: numbers only, as anybody may see them. */
export interface HistorySlot {
  /** A multiple of {@link SLOT_SECONDS}. */
  readonly since: UnixSeconds;
  /** The routers that were alive at the last of these passes. */
  readonly alive: number;
  /** The routers that joined; see {@link countJoined}. */
  readonly joined: number;
}

/** Oldest first. */
export type History = readonly HistorySlot[];

/** As long as the time between two passes. */
export const SLOT_SECONDS = 900;
export const HISTORY_SECONDS = 7 * 86_400;
export const MAX_SLOTS = HISTORY_SECONDS / SLOT_SECONDS;

/**
 * Adds what a pass saw. Keeps a week by the clock, and a bounded number of slots: while a clock is behind, the slots of
 * the real time lie in the future and stay as long as there is space.
 */
export function addToHistory(history: History, seen: Omit<HistorySlot, 'since'>, now: UnixSeconds): History {
  const since = findSlot(now);
  const known = history.find((slot) => slot.since === since)?.joined ?? 0;
  const others = history.filter((slot) => slot.since !== since && slot.since > since - HISTORY_SECONDS);
  const all = [...others, { since, alive: seen.alive, joined: known + seen.joined }];
  return all.sort((one, other) => one.since - other.since).slice(0, MAX_SLOTS);
}

/**
 * Counts the routers that joined since the last pass: those that had a handshake since then, and either never had one
 * before, or were silent since `absentSince`. A router that registers again and again counts once.
 */
export function countJoined({ heard, isPeer }: Proofs, claims: Claims, absentSince: UnixSeconds): number {
  const joined = [...heard].filter(([key, last]) => {
    const claim = claims.get(key);
    return isPeer(key) && claim?.last !== last && (claim === undefined || claim.last < absentSince);
  });
  return joined.length;
}

/** What the slots of a longer span say together. */
export interface HistorySpan {
  readonly since: UnixSeconds;
  /** On average; undefined if there was no pass. */
  readonly alive: number | undefined;
  readonly joined: number;
}

/** The latest spans of a history, oldest first. The last one ends with the current slot. */
export function listSpans(history: History, now: UnixSeconds, spanSeconds: number, count: number): HistorySpan[] {
  const end = findSlot(now) + SLOT_SECONDS;
  return Array.from({ length: count }, (_, index) => {
    const since = end - (count - index) * spanSeconds;
    return { since, ...summarize(history.filter((slot) => slot.since >= since && slot.since < since + spanSeconds)) };
  });
}

function summarize(slots: readonly HistorySlot[]): Omit<HistorySpan, 'since'> {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const alive = slots.length === 0 ? undefined : Math.round(sum(slots.map((slot) => slot.alive)) / slots.length);
  return { alive, joined: sum(slots.map(({ joined }) => joined)) };
}

function findSlot(time: UnixSeconds): UnixSeconds {
  return Math.floor(time / SLOT_SECONDS) * SLOT_SECONDS;
}
