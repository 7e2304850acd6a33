import { formatTime, formatUntil } from '../../../cli/terminal/words.ts';
import type { Traffic } from '../../../core/client/instance.ts';
import { formatDuration } from '../../../core/values/duration.ts';
import { escapeUnshowable } from '../../../core/values/quote.ts';
import { DAY_SECONDS, type UnixSeconds } from '../../../core/values/time.ts';
import type { GatewayFailure, JoinState } from '../../daemon/state-file.ts';
import type { Standing } from './standing.ts';

const NOT_KNOWN = '-';
const REASON_CHARACTERS = 400;
const VIA = { udp: 'UDP', tcp: 'TCP' } as const;
const DOING = {
  starting: 'starting',
  seeking: 'trying gateways',
  up: 'down',
  waiting: 'waiting',
  stopped: 'stopped',
} as const;

/** What goes through the tunnel, and what becomes of the gateway's name servers. */
export const TRAFFIC_WORDS: Readonly<Record<Traffic, string>> = {
  routes: "to the members' networks; the name servers of the gateway are not used (only with --all-traffic)",
  all: 'everything, with the name servers of the gateway',
  proxy: 'only what a program binds to the address of the lease; the name servers of the gateway are not used',
};

/** `up`, `trying gateways`, `not running`. */
export function describeDoing({ state, isUp }: Standing): string {
  if (isUp) return 'up';
  return state === undefined ? 'not running' : DOING[state.doing];
}

export function describeVia({ via }: Partial<JoinState>): string {
  return via === undefined ? NOT_KNOWN : VIA[via];
}

/** `ends in 12 d`, with the date. */
export function describeEnd(look: JoinState['look'], now: UnixSeconds): string {
  if (!hasConfiguration(look)) return 'is not known: no gateway has sent a configuration yet';
  const { expires } = look;
  if (expires === undefined) return 'has no end date';
  const date = formatTime(expires);
  return expires <= now ? `is over since ${date}` : `ends ${formatUntil(expires, now)}, at ${date}`;
}

/** The same for a column: `12 d`. */
export function describeEndShort(look: JoinState['look'], now: UnixSeconds): string {
  if (!hasConfiguration(look)) return NOT_KNOWN;
  if (look.expires === undefined) return 'never';
  return look.expires <= now ? 'is over' : `in ${formatDuration(look.expires - now)}`;
}

/** Whether a gateway has ever sent a configuration: each one has an address. */
export function hasConfiguration(look: JoinState['look']): look is NonNullable<JoinState['look']> {
  return look !== undefined && look.addresses.length > 0;
}

/** Whether the end date deserves attention. */
export function isNearEnd(look: JoinState['look'], now: UnixSeconds): boolean {
  return look?.expires !== undefined && look.expires - now <= 7 * DAY_SECONDS;
}

/** What a gateway said or did; the words come from wgkex-join, which quotes strangers. */
export function describeFailure({ gateway, code, reason }: GatewayFailure): string {
  return escapeUnshowable(`${gateway}: ${code === undefined ? '' : `${code}, `}${reason}`, REASON_CHARACTERS);
}

/** The same, with how long the gateway is left out. */
export function describePause(failure: GatewayFailure, now: UnixSeconds): string {
  const { until = now } = failure;
  return describeFailure(failure) + (until <= now ? '' : `; left out for ${formatDuration(until - now)}`);
}

export function describeProblem(text: string): string {
  return escapeUnshowable(text, REASON_CHARACTERS);
}
