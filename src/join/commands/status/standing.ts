import type { Instance, InstanceName } from '../../../core/client/instance.ts';
import { describeError } from '../../../core/values/errors.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import { readInstance } from '../../../system/client/store/instances.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import { NO_HELPER } from '../../daemon/failure.ts';
import { type JoinState, readState } from '../../daemon/state-file.ts';
import { readUnit } from '../unit.ts';

/** How a tunnel is, as far as everybody may know. */
export interface Standing {
  readonly name: InstanceName;
  /** Undefined if root's file cannot be used. */
  readonly instance: Instance | undefined;
  /** What wgkex-join is doing; undefined if it is not running. */
  readonly state: JoinState | undefined;
  readonly isUp: boolean;
  /** Why it is not up, or what is wrong although it is. */
  readonly problems: readonly string[];
}

/** wgkex-join looks once a minute. */
const STALE_SECONDS = 180;
const START_SECONDS = 10;

export async function readStanding(name: InstanceName, now: UnixSeconds): Promise<Standing> {
  const instance = attempt(() => readInstance(name));
  const state = attempt(() => readState(name));
  const known = state instanceof Error ? undefined : state;
  const problems = [instance, state].flatMap((one) => (one instanceof Error ? [one.message] : []));
  const idle = state === undefined ? [await explainAbsence(name)] : [];
  return {
    name,
    instance: instance instanceof Error ? undefined : instance,
    state: known,
    isUp: known !== undefined && isTunnelUp(known),
    problems: [...problems, ...idle, ...(known === undefined ? [] : explainState(known, now))],
  };
}

export function isTunnelUp({ doing, look }: JoinState): boolean {
  return doing === 'up' && look?.isUp === true;
}

/** What is wrong, as wgkex-join itself knows it. */
export function explainState(state: JoinState, now: UnixSeconds): string[] {
  const { doing, reason, look, failures } = state;
  if (doing === 'starting' && now - state.since > START_SECONDS) return [NO_HELPER];
  if (doing === 'stopped') return [reason ?? 'it was stopped'];
  if (doing === 'up' && look?.isUp === false) return ['the interface is gone'];
  const isStale = doing === 'up' && look !== undefined && now - look.at > STALE_SECONDS;
  if (isStale) return ['wgkex-join does not look after it; the figures are old'];
  if (isTunnelUp(state)) return [];
  // What a gateway failed with is listed with the gateway.
  const isListed = failures.some((failure) => failure.reason === reason);
  if (reason !== undefined && !isListed) return [reason];
  return failures.length === 0 ? [] : ['no gateway has worked yet'];
}

async function explainAbsence(name: InstanceName): Promise<string> {
  const start = `wgkex-join up ${name}`;
  if (!isSystemdRunning()) return 'wgkex-join does not run for it';
  const { id, load, active } = await readUnit(name);
  if (load !== 'loaded') return `${id} is not installed`;
  if (active === 'failed') return `${id} has failed: see journalctl -u ${id}, then start it with ${start}`;
  return active === 'inactive' ? `it is not started; start it with ${start}` : `${id} is ${active}`;
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error : new Error(describeError(error));
  }
}
