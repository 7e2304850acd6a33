import type { Config, DomainConfig } from '../../config/config.ts';
import { describeError } from '../../core/values/errors.ts';
import type { Concern } from '../gateway/attention.ts';

/** What is checked. */
export interface Subject {
  readonly config: Config;
  /** Where the configuration was read. */
  readonly path: string;
  readonly domains: readonly DomainConfig[];
}

/** Something that could not be looked at, and why: neither right nor wrong. */
export class NotChecked {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A part of the gateway that can be right or wrong by itself. */
export interface Check {
  readonly name: string;
  /** What is wrong with it; nothing where it is sound. */
  find(subject: Subject): Promise<readonly Concern[] | NotChecked>;
}

export interface Finding {
  readonly name: string;
  readonly outcome: readonly Concern[] | NotChecked;
}

export const NEEDS_ROOT = new NotChecked('run it as root');
export const NEEDS_SYSTEMD = new NotChecked('systemd does not run');

/** Runs the checks one after the other. One that breaks has found something, too, and keeps no other from its end. */
export async function runChecks(checks: readonly Check[], subject: Subject): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, find } of checks) {
    const outcome = await find(subject).catch((error) => [concern(describeError(error))]);
    findings.push({ name, outcome });
  }
  return findings;
}

export function isSound({ outcome }: Finding): boolean {
  return outcome instanceof NotChecked || outcome.length === 0;
}

/** Something wrong with the gateway as a whole. */
export function concern(problem: string, remedy?: string): Concern {
  return { domain: undefined, problem, remedy };
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
