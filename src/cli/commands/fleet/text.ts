import { formatDuration } from '../../../core/values/duration.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import { findPlaces, isOld, type Place, type PlaceCondition } from '../../fleet/places.ts';
import type { FleetReading } from '../../fleet/reading.ts';
import type { WorkerCondition, WorkerPlace } from '../../fleet/workers.ts';
import type { Concern } from '../../gateway/concern.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import type { Style, Terminal } from '../../terminal/terminal.ts';
import { fold } from '../../terminal/words.ts';
import { renderConcern } from '../../views/concern.ts';

const STYLES: Readonly<Record<PlaceCondition, Style>> = {
  online: 'good',
  full: 'notice',
  drained: 'faint',
  silent: 'bad',
  offline: 'bad',
};
const WORKER_STYLES: Readonly<Record<WorkerCondition, Style>> = {
  online: 'notice',
  offline: 'bad',
  unnamed: 'faint',
  'other key': 'bad',
  unreadable: 'bad',
};
const THEIRS = 'Workers of freifunkMUC, whose answers are unacknowledged:';
/** A narrower terminal has no space for what is set in the configuration. */
const WIDE_COLUMNS = 100;

/** A line for each gateway and domain, then the other machines, then what is wrong. */
export function renderFleet(
  reading: FleetReading,
  workers: readonly WorkerPlace[],
  concerns: readonly Concern[],
  terminal: Terminal,
): string[] {
  const { paint, width } = terminal;
  const places = findPlaces(reading);
  const table =
    places.length === 0 ? ['No gateway serves any domain.'] : renderTable(places, buildColumns(reading.at), terminal);
  const others = describeOthers(reading).flatMap((line) => fold(line, width, '  '));
  const sum =
    concerns.length === 0
      ? [paint('good', 'Nothing needs attention.')]
      : [paint('bad', 'Needs attention:'), ...concerns.flatMap((one) => renderConcern(one, terminal))];
  const theirs = workers.length === 0 ? [] : ['', THEIRS, ...renderTable(workers, WORKER_COLUMNS, terminal)];
  return [
    ...table,
    ...theirs,
    '',
    `Broker: ${reading.broker}`,
    ...others.map((line) => paint('faint', line)),
    '',
    ...sum,
  ];
}

function describeOthers({ members }: FleetReading): string[] {
  const list = (isOnline: boolean) =>
    members.filter((member) => member.domains.size === 0 && member.isOnline === isOnline).map(({ id }) => id);
  const [fronts, stopped] = [list(true), list(false)];
  return [
    ...(fronts.length === 0 ? [] : [`Without domains: ${fronts.join(', ')}`]),
    ...(stopped.length === 0 ? [] : [`Stopped: ${stopped.join(', ')}`]),
  ];
}

function buildColumns(at: UnixSeconds): Column<Place>[] {
  return [
    { title: 'DOMAIN', forms: [({ domain }) => domain], style: () => 'strong', atLeast: 8 },
    { title: 'GATEWAY', forms: [({ gateway }) => gateway], atLeast: 8 },
    { title: 'STATE', forms: [({ condition }) => condition], style: ({ condition }) => STYLES[condition] },
    { title: 'SINCE', forms: [(place) => describeSince(place, at)], align: 'right' },
    { title: 'ALIVE', forms: [({ state }) => String(state.alive)], align: 'right' },
    { title: 'SHARE', forms: [({ share }) => formatPercent(share)], align: 'right' },
    { title: 'AIM', forms: [({ aim }) => formatPercent(aim)], align: 'right' },
    { title: 'WEIGHT', forms: [({ state }) => String(state.weight)], since: WIDE_COLUMNS, align: 'right' },
    { title: 'KEYS', forms: [({ state }) => `${state.peers} of ${state.max_peers}`], align: 'right' },
    { title: 'LOCATION', forms: [({ state }) => state.location ?? '-'], since: WIDE_COLUMNS },
    { title: 'VERSION', forms: [({ state }) => state.version], since: WIDE_COLUMNS },
    { title: 'NAME', forms: [({ state }) => state.name], since: WIDE_COLUMNS, atLeast: 16 },
  ];
}

const WORKER_COLUMNS: Column<WorkerPlace>[] = [
  { title: 'DOMAIN', forms: [({ domain }) => domain], style: () => 'strong', atLeast: 8 },
  { title: 'WORKER', forms: [({ worker }) => worker], atLeast: 8 },
  { title: 'STATE', forms: [({ condition }) => condition], style: ({ condition }) => WORKER_STYLES[condition] },
  { title: 'ALIVE', forms: [({ count = -1 }) => (count < 0 ? '-' : String(count))], align: 'right' },
  { title: 'WEIGHT', forms: [({ weight }) => String(weight ?? '-')], align: 'right' },
  { title: 'NAME', forms: [({ data }) => data?.name ?? '-'], atLeast: 16 },
];

/** By its own clock alone where the clocks differ. */
function describeSince({ state, condition }: Place, at: UnixSeconds): string {
  const { sent_at, since } = state;
  if (since === undefined || condition === 'offline') return '-';
  return formatDuration((isOld(state, at) ? sent_at : at) - since);
}

function formatPercent(part: number | undefined): string {
  return part === undefined ? '-' : `${Math.round(part * 100)} %`;
}
