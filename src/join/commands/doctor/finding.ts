import type { Instance, InstanceName } from '../../../core/client/instance.ts';
import { describeError } from '../../../core/values/errors.ts';
import type { JoinState } from '../../daemon/state-file.ts';

/** The kinds of problems. Programs rely on these words, so they do not change; wgkex-join(8) explains each of them. */
export const FINDING_CODES = [
  ...['check-failed', 'no-tunnel'],
  ...['program-missing', 'wireguard-missing', 'user-missing', 'user-is-root', 'sudo-rule-missing', 'sudo-arguments'],
  ...['clock-unsynchronised', 'tunnel-leftover'],
  ...['file-unusable', 'credentials-unusable', 'key-unusable'],
  ...['unit-missing', 'unit-failed', 'unit-inactive', 'unit-not-enabled'],
  ...['name-unknown', 'exchange-unreachable', 'relay-unreachable'],
  ...['not-running', 'not-up', 'handshake-missing', 'gateway-refused', 'lease-ends', 'lease-over'],
  ...['route-overlaps', 'resolver-missing', 'traffic-twice'],
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** A problem, in half a sentence, and what fixes it; undefined if a person has to decide. */
export interface Finding {
  readonly code: FindingCode;
  readonly problem: string;
  readonly remedy: string | undefined;
}

/** A check that could not run, with the reason: neither right nor wrong. */
export class NotChecked {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A check of the machine. */
export interface Check {
  readonly name: string;
  /** Returns the problems; none if all is well. */
  find(): Promise<readonly Finding[] | NotChecked>;
}

/** What the checks of one tunnel have in common. */
export interface Subject {
  readonly name: InstanceName;
  readonly instance: Instance;
  /** Undefined if wgkex-join does not run for it. */
  readonly state: JoinState | undefined;
}

/** A check of one tunnel. */
export interface TunnelCheck {
  readonly name: string;
  find(subject: Subject): Promise<readonly Finding[] | NotChecked>;
}

export interface Outcome {
  /** Undefined for a check of the machine. */
  readonly tunnel: InstanceName | undefined;
  readonly check: string;
  readonly findings: readonly Finding[] | NotChecked;
}

export const NEEDS_ROOT = new NotChecked('run it as root');
export const NEEDS_SYSTEMD = new NotChecked('systemd is not running');

export function finding(code: FindingCode, problem: string, remedy?: string): Finding {
  return { code, problem, remedy };
}

/** A check that throws counts as a finding and does not stop the others. */
export async function runCheck(
  tunnel: InstanceName | undefined,
  check: string,
  find: () => Promise<Outcome['findings']>,
): Promise<Outcome> {
  try {
    return { tunnel, check, findings: await find() };
  } catch (error) {
    return { tunnel, check, findings: [finding('check-failed', describeError(error))] };
  }
}

export function isSound({ findings }: Outcome): boolean {
  return findings instanceof NotChecked || findings.length === 0;
}
