import type { Candidate } from './choice.ts';

/**
 * What a front makes of a gateway of a domain: `online`, a router may get it; `full`; `drained`, its weight is 0; `silent`,
 * it did not answer an exchange of the last 30 s; `possible`, nothing was heard of it for 180 s, or only a retained state;
 * `offline`, it is known to be gone.
 */
export const AVAILABILITIES = ['online', 'full', 'drained', 'silent', 'possible', 'offline'] as const;
export type Availability = (typeof AVAILABILITIES)[number];

/** How many gateways there are of each kind. */
export type Census = Readonly<Record<Availability, number>>;

/** Of all gateways of a domain, those that are not candidates are offline. */
export function takeCensus(candidates: readonly Candidate[], all: number): Census {
  const census = { online: 0, full: 0, drained: 0, silent: 0, possible: 0, offline: all - candidates.length };
  for (const candidate of candidates) census[findAvailability(candidate)]++;
  return census;
}

function findAvailability({ isSilent, standing, weight, hasRoom }: Candidate): Availability {
  if (isSilent) return 'silent';
  if (standing !== 'sound') return 'possible';
  if (weight === 0) return 'drained';
  return hasRoom ? 'online' : 'full';
}
