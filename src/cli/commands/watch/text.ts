import { formatBytes } from '../../../core/operator/byte-count.ts';
import type { Rate } from '../../gateway/rates.ts';
import { renderTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { fold, formatTime } from '../../terminal/words.ts';
import { summarise } from '../../views/peers.ts';
import { buildColumns } from './columns.ts';
import type { WatchedPeer } from './orders.ts';
import { clampTop, type Extent, type View } from './view.ts';

/** One look at the gateway. */
export interface Frame {
  readonly at: number;
  readonly intervalSeconds: number;
  readonly watched: readonly WatchedPeer[];
  /** Whether more than one domain is watched. */
  readonly hasDomains: boolean;
  readonly complaints: readonly string[];
}

/** What is to be shown of a frame. */
export interface Shown {
  readonly frame: Frame;
  readonly view: View;
  /** The peers of the frame that the view selects, in its order. */
  readonly selected: readonly WatchedPeer[];
}

/** The heading of the table, and the line below it. */
const TABLE_MARGIN = 2;

export function findExtent({ frame, selected, view }: Shown, terminal: Terminal, height: number): Extent {
  const room = height - renderHead(frame, view, terminal).length - TABLE_MARGIN;
  return { peers: selected.length, room: Math.max(1, room), hasDomains: frame.hasDomains };
}

/** A screen of at most `height` lines, unless it is too low for one peer. */
export function renderFrame(shown: Shown, terminal: Terminal, height: number): string[] {
  const { frame, view, selected } = shown;
  const extent = findExtent(shown, terminal, height);
  const top = clampTop(view.top, extent);
  const rows = selected.slice(top, top + extent.room);
  const hasNames = frame.watched.some(({ reading }) => reading.names.size > 0);
  const table = renderTable(rows, buildColumns(frame.hasDomains, view.order, hasNames), terminal);
  const place = rows.length < frame.watched.length ? [describePlace(top, rows.length, shown)] : [];
  return [...renderHead(frame, view, terminal), ...table, ...place.map((line) => terminal.paint('faint', line))];
}

function renderHead({ at, intervalSeconds, watched, complaints }: Frame, view: View, terminal: Terminal): string[] {
  const { paint, width } = terminal;
  const order = `by ${view.order}${view.isReversed ? ', reversed' : ''}`;
  const total = sumRates(watched);
  const traffic = `RX ${formatBytes(total.received)}/s   TX ${formatBytes(total.sent)}/s`;
  return [
    paint('faint', cut(`${formatTime(at)}   every ${intervalSeconds} s   ${order}   h: help  q: quit`, width)),
    ...fold(`${summarise(watched)}   ${traffic}`, width, ''),
    ...complaints.map((complaint) => paint('bad', cut(complaint, width))),
    paint('strong', renderFilter(view, width)),
  ];
}

/** The end of a long filter is what is being typed. */
function renderFilter({ filter, isTyping }: View, width: number): string {
  if (filter === '' && !isTyping) return '';
  const [label, text] = isTyping ? ['Enter: done  Esc: clear  Filter: ', `${filter}_`] : ['Filter: ', filter];
  return label + text.slice(label.length - width);
}

function describePlace(top: number, rows: number, { selected, view }: Shown): string {
  const matching = view.filter === '' ? '' : ' that match';
  return rows === 0 ? 'No peer matches.' : `${top + 1} to ${top + rows} of ${selected.length}${matching}`;
}

function cut(text: string, width: number): string {
  return text.length > width ? text.slice(0, width) : text;
}

function sumRates(watched: readonly WatchedPeer[]): Rate {
  const sum = (amount: (rate: Rate) => number) =>
    watched.reduce((total, { rate }) => total + (rate === undefined ? 0 : amount(rate)), 0);
  return { received: sum(({ received }) => received), sent: sum(({ sent }) => sent) };
}
