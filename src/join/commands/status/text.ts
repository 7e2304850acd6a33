import { renderFields } from '../../../cli/terminal/fields.ts';
import { type Column, renderTable } from '../../../cli/terminal/table.ts';
import type { Terminal } from '../../../cli/terminal/terminal.ts';
import { fold, formatAge, formatAgo, formatTime, formatUntil } from '../../../cli/terminal/words.ts';
import { formatBytes, formatBytesShort } from '../../../core/operator/byte-count.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import type { JoinState } from '../../daemon/state-file.ts';
import type { Standing } from './standing.ts';
import {
  describeDoing,
  describeEnd,
  describeEndShort,
  describePause,
  describeProblem,
  describeVia,
  isNearEnd,
  TRAFFIC_WORDS,
} from './words.ts';

const MARGIN = '  ';
const NOT_KNOWN = '-';

/** All tunnels in a table, with what is wrong below it. */
export function renderStandings(standings: readonly Standing[], now: UnixSeconds, terminal: Terminal): string[] {
  const problems = standings.flatMap((standing) => renderProblems(standing, now, terminal));
  return [...renderTable(standings, listColumns(now), terminal), ...(problems.length === 0 ? [] : ['', ...problems])];
}

/** Everything about one tunnel. */
export function renderStanding(standing: Standing, now: UnixSeconds, terminal: Terminal): string[] {
  const { name, state, isUp } = standing;
  const doing = terminal.paint(isUp ? 'good' : 'bad', describeDoing(standing));
  const since = isSettled(state) ? ` since ${formatTime(state.since)} (${formatAge(state.since, now)})` : '';
  const problems = renderProblems(standing, now, terminal, '');
  return [`${name}: ${doing}${since}`, ...problems, ...renderFields(listFields(standing, now), terminal)];
}

function listFields({ instance, state, isUp }: Standing, now: UnixSeconds): (readonly [string, string])[] {
  const { look } = state ?? {};
  const by = state?.via === undefined ? '' : ` by ${describeVia(state)}${state.via === 'tcp' ? ', its relay' : ''}`;
  const tunnel = [
    ['addresses', look?.addresses.join(', ') || NOT_KNOWN],
    ['handshake', formatAgo(look?.handshake || 'never', now)],
    ['received', formatBytes(look?.received ?? 0)],
    ['sent', formatBytes(look?.sent ?? 0)],
  ] as const;
  return [
    ...(state?.gateway === undefined ? [] : [['gateway', `${state.gateway}${by}`] as const]),
    ...(isUp ? tunnel : []),
    ...(instance === undefined ? [] : [['traffic', TRAFFIC_WORDS[instance.traffic]] as const]),
    ...(look === undefined ? [] : [['lease', describeEnd(look, now)] as const]),
  ];
}

function renderProblems(standing: Standing, now: UnixSeconds, { width, paint }: Terminal, owner?: string): string[] {
  const { name, state, problems } = standing;
  const failures = standing.isUp ? [] : (state?.failures ?? []).map((failure) => describePause(failure, now));
  const again = state?.again === undefined || standing.isUp ? [] : [`it tries again ${formatUntil(state.again, now)}`];
  const head = owner ?? `${name}: `;
  const lines = [...problems.map(describeProblem), ...failures, ...again];
  return lines
    .flatMap((line) => fold(`${MARGIN}${head}${line}`, width, MARGIN.repeat(2)))
    .map((l) => paint('notice', l));
}

function listColumns(now: UnixSeconds): Column<Standing>[] {
  return [
    { title: 'NAME', forms: [({ name }) => name] },
    {
      title: 'STATE',
      forms: [
        (standing) => `${describeDoing(standing)}${describeSince(standing, now)}`,
        (standing) => describeDoing(standing),
      ],
      rank: 3,
      style: ({ isUp }) => (isUp ? 'good' : 'bad'),
    },
    { title: 'GATEWAY', forms: [({ state }) => state?.gateway ?? NOT_KNOWN], atLeast: 8, rank: 1 },
    { title: 'BY', forms: [({ state }) => describeVia(state ?? {})] },
    {
      title: 'HANDSHAKE',
      forms: [({ state }) => formatAgo(state?.look?.handshake || 'never', now)],
      align: 'right',
    },
    {
      title: 'RECEIVED',
      forms: [({ state }) => (state?.look ? formatBytesShort(state.look.received) : NOT_KNOWN)],
      align: 'right',
      since: 70,
    },
    {
      title: 'SENT',
      forms: [({ state }) => (state?.look ? formatBytesShort(state.look.sent) : NOT_KNOWN)],
      align: 'right',
      since: 70,
    },
    {
      title: 'ENDS',
      forms: [({ state }) => describeEndShort(state?.look, now)],
      style: ({ state }) => (isNearEnd(state?.look, now) ? 'notice' : 'plain'),
    },
  ];
}

function describeSince({ state }: Standing, now: UnixSeconds): string {
  return isSettled(state) ? ` for ${formatAge(state.since, now)}` : '';
}

/** While it tries and waits in turn, only the next attempt is of interest. */
function isSettled(state: JoinState | undefined): state is JoinState {
  return state !== undefined && state.doing !== 'seeking' && state.doing !== 'waiting';
}
