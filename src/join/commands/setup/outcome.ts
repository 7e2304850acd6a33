import { setTimeout as pause } from 'node:timers/promises';
import { printLines } from '../../../cli/terminal/print.ts';
import { formatUntil } from '../../../cli/terminal/words.ts';
import type { InstanceName } from '../../../core/client/instance.ts';
import type { ErrorCode } from '../../../core/exchange/exchange.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import { type GatewayFailure, type JoinState, readState } from '../../daemon/state-file.ts';
import { complain } from '../call.ts';
import { explainState, isTunnelUp } from '../status/standing.ts';
import { describeEnd, describeFailure, describeProblem } from '../status/words.ts';

const WAIT_SECONDS = 60;
const LOOK_MILLISECONDS = 250;
const REFUSED_CODE = 'INVALID_TOKEN' satisfies ErrorCode;

interface Waiting {
  /** What was written before is of the daemon that has just ended. */
  readonly since?: UnixSeconds;
  readonly seconds?: number;
  readonly read?: (name: InstanceName) => JoinState | undefined;
}

/** Waits for a tunnel that has just been started, and prints in one line what came of it. False if it is not up. */
export async function reportOutcome(name: InstanceName, waiting: Waiting = {}): Promise<boolean> {
  const state = await waitForEnd(name, waiting);
  const now = Date.now() / 1000;
  if (state !== undefined && isTunnelUp(state)) {
    printLines([describeSuccess(name, state, now)]);
    return true;
  }
  complain(describeFailed(name, state, now));
  return false;
}

/** The state when it is up, when nothing more will happen in time, or when the time is over. */
export async function waitForEnd(
  name: InstanceName,
  { since = 0, seconds = WAIT_SECONDS, read = readState }: Waiting,
): Promise<JoinState | undefined> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const state = read(name);
    const fresh = state !== undefined && state.since >= since ? state : undefined;
    const left = (end - performance.now()) / 1000;
    if (left <= 0 || (fresh !== undefined && isSettled(fresh, left))) return fresh;
    await pause(LOOK_MILLISECONDS);
  }
}

function isSettled(state: JoinState, secondsLeft: number): boolean {
  if (isTunnelUp(state)) return true;
  const { doing, again } = state;
  return doing === 'waiting' && again !== undefined && again - Date.now() / 1000 > secondsLeft;
}

export function describeSuccess(name: InstanceName, { gateway, via, look }: JoinState, now: UnixSeconds): string {
  const addresses = look?.addresses.join(' and ') || 'no address';
  const how = via === 'tcp' ? `${gateway} by TCP` : gateway;
  return `${name} is up: ${addresses} through ${how}; the lease ${describeEnd(look, now)}`;
}

export function describeFailed(name: InstanceName, state: JoinState | undefined, now: UnixSeconds): string {
  if (state === undefined) return `${name} is not up yet: wgkex-join says nothing; see wgkex-join doctor ${name}`;
  const { failures, again } = state;
  const [reason = 'no gateway has worked yet'] = explainState(state, now);
  const worst = findWorst(failures);
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more, see wgkex-join status ${name})` : '';
  const why =
    worst === undefined ? `${describeProblem(reason)} (see wgkex-join doctor ${name})` : describeFailure(worst) + more;
  const next = again === undefined ? 'it keeps trying' : `it tries again ${formatUntil(again, now)}`;
  return `${name} is not up yet: ${why}; ${next}${adviseOn(name, worst?.code)}`;
}

/** What a gateway answered says more than that another one is silent. */
function findWorst(failures: JoinState['failures']): GatewayFailure | undefined {
  const latest = [...failures].sort((one, other) => other.at - one.at);
  return latest.find(({ code }) => code !== undefined) ?? latest[0];
}

/** What only a person can do: after this refusal the command asks again. */
function adviseOn(name: InstanceName, code: string | undefined): string {
  return code === REFUSED_CODE ? `; give the right code with: wgkex-join ${name}` : '';
}

/** Whether no gateway has taken the access code that root has, and one has refused it. */
export function isCodeRefused(name: InstanceName, read: typeof readState = readState): boolean {
  try {
    const state = read(name);
    return state !== undefined && !isTunnelUp(state) && state.failures.some(({ code }) => code === REFUSED_CODE);
  } catch {
    // The file is not root's.
    return false;
  }
}
