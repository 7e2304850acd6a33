import { formatTime } from '../../../cli/terminal/words.ts';
import { findWarning } from '../../../core/client/end-date.ts';
import { formatDuration } from '../../../core/values/duration.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import type { GatewayFailure, JoinState } from '../../daemon/state-file.ts';
import { explainState, isTunnelUp } from '../status/standing.ts';
import { hasConfiguration } from '../status/words.ts';
import { type Finding, finding, NotChecked, type TunnelCheck } from './finding.ts';

/** WireGuard gives a session up after this time. */
const SESSION_SECONDS = 180;

/** What wgkex-join says of itself. */
export const tunnel: TunnelCheck = {
  name: 'tunnel',
  async find({ name, state }) {
    if (state === undefined) return [finding('not-running', 'wgkex-join does not run for it', `wgkex-join up ${name}`)];
    return judgeTunnel(state, Date.now() / 1000);
  },
};

export function judgeTunnel(state: JoinState, now: UnixSeconds): Finding[] {
  if (!isTunnelUp(state)) return explainState(state, now).map((reason) => finding('not-up', reason));
  const { handshake = 0, at = now } = state.look ?? {};
  const age = at - handshake;
  if (handshake > 0 && age <= SESSION_SECONDS) return [];
  const problem = handshake === 0 ? 'there was no handshake' : `the last handshake was ${formatDuration(age)} ago`;
  return [finding('handshake-missing', `${problem}; wgkex-join tries another gateway soon`)];
}

/** What gateways last said or did, as far as it still counts. */
export const refusals: TunnelCheck = {
  name: 'refusals',
  async find({ state }) {
    return state === undefined ? new NotChecked('wgkex-join does not run') : state.failures.map(describeFailure);
  },
};

/** A gateway that worked since then is not in the list. */
function describeFailure({ gateway, code, reason, at }: GatewayFailure): Finding {
  const what = code === undefined ? reason : `${code}, ${reason}`;
  return finding('gateway-refused', `${gateway} at ${formatTime(at)}: ${what}`);
}

export const lease: TunnelCheck = {
  name: 'lease',
  async find({ state }) {
    if (!hasConfiguration(state?.look)) return new NotChecked('no gateway has sent a configuration yet');
    return judgeLease(state.look.expires, Date.now() / 1000);
  },
};

export function judgeLease(expires: UnixSeconds | undefined, now: UnixSeconds): Finding[] {
  const warning = findWarning(expires, now);
  if (expires === undefined || warning === undefined) return [];
  const date = formatTime(expires);
  if (warning === 0) return [finding('lease-over', `the lease ended at ${date}: ask the operator to extend it`)];
  return [finding('lease-ends', `the lease ends at ${date}: ask the operator in time to extend it`)];
}
