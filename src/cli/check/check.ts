import type { Config, DomainConfig } from '../../config/config.ts';
import { describeError } from '../../core/values/errors.ts';
import { type Concern, fault } from '../gateway/concern.ts';
import type { ConcernCode } from '../gateway/concern-codes.ts';

/** The gateway under check. */
export interface Subject {
  readonly config: Config;
  /** The file that the configuration was read from. */
  readonly path: string;
  readonly domains: readonly DomainConfig[];
}

/** The outcome of a check that could not run, with the reason: neither right nor wrong. */
export class NotChecked {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A check of one part of the gateway, which can be right or wrong by itself. */
export interface Check {
  readonly name: string;
  /** Returns the problems of this part; none if it is sound. */
  find(subject: Subject): Promise<readonly Concern[] | NotChecked>;
}

export interface Finding {
  readonly name: string;
  readonly outcome: readonly Concern[] | NotChecked;
}

export const NEEDS_ROOT = new NotChecked('run it as root');
export const NEEDS_SYSTEMD = new NotChecked('systemd is not running');

/** Runs the checks one after the other. A check that throws counts as a finding and does not stop the others. */
export async function runChecks(checks: readonly Check[], subject: Subject): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, find } of checks) {
    const outcome = await find(subject).catch((error) => [concern('check-failed', describeError(error))]);
    findings.push({ name, outcome });
  }
  return findings;
}

export function isSound({ outcome }: Finding): boolean {
  return outcome instanceof NotChecked || outcome.length === 0;
}

/** A problem of the gateway as a whole. */
export function concern(code: ConcernCode, problem: string, remedy?: Concern['remedy']): Concern {
  return { domain: undefined, ...fault(code, problem, remedy) };
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
