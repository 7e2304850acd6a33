import { formatBytes } from '../../../core/operator/byte-count.ts';
import type { ListedPeer } from '../../gateway/peers.ts';
import type { Rate } from '../../gateway/rates.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { formatTime } from '../../terminal/words.ts';
import {
  ADDRESS,
  buildAmountColumn,
  ENDPOINT,
  ENTRIES,
  HANDSHAKE,
  KEY,
  STATE,
  WIDE_COLUMNS,
} from '../../views/peer-columns.ts';
import { describePeer } from '../../views/peer-json.ts';
import { summarise } from '../../views/peers.ts';

/** A peer and its current traffic; a peer that was not there before has no rate yet. */
export interface WatchedPeer extends ListedPeer {
  readonly rate: Rate | undefined;
}

/** One look at the gateway. */
export interface Frame {
  readonly at: number;
  readonly intervalSeconds: number;
  readonly watched: readonly WatchedPeer[];
  /** Whether more than one domain is watched. */
  readonly hasDomains: boolean;
  readonly complaints: readonly string[];
}

const DOMAIN: Column<WatchedPeer> = {
  title: 'DOMAIN',
  forms: [({ reading }) => reading.domain.name],
  atLeast: 6,
};

/** A screen of at most `height` lines. */
export function renderFrame(frame: Frame, terminal: Terminal, height: number): string[] {
  const { paint, width } = terminal;
  const { at, intervalSeconds, watched, hasDomains, complaints } = frame;
  const total = sumRates(watched);
  const head = [
    paint('faint', `${formatTime(at)}   every ${intervalSeconds} s   q quits`),
    `${summarise(watched)}   RX ${formatBytes(total.received)}/s   TX ${formatBytes(total.sent)}/s`,
    ...complaints.map((complaint) => paint('bad', complaint.slice(0, width))),
    '',
  ];
  const columns = [...(hasDomains ? [DOMAIN] : []), ...COLUMNS];
  const room = Math.max(1, height - head.length - 2);
  const table = renderTable(watched.slice(0, room), columns, terminal);
  const others = watched.length - room;
  return [...head, ...table, ...(others > 0 ? [paint('faint', `and ${others} more`)] : [])];
}

function buildRateColumn(title: string, find: (rate: Rate) => number): Column<WatchedPeer> {
  const findRate = ({ rate }: WatchedPeer) => (rate === undefined ? undefined : find(rate));
  return { ...buildAmountColumn(title, findRate), style: (peer) => (findRate(peer) ? 'plain' : 'faint') };
}

const COLUMNS: readonly Column<WatchedPeer>[] = [
  KEY,
  STATE,
  ADDRESS,
  ENDPOINT,
  HANDSHAKE,
  buildRateColumn('RX/S', ({ received }) => received),
  buildRateColumn('TX/S', ({ sent }) => sent),
  { ...ENTRIES, since: WIDE_COLUMNS },
];

/** A line of `wgkex watch --json`; its shape is fixed in wgkex(8). */
export function describeFrame({ at, watched }: Frame): object {
  return {
    time: Math.floor(at),
    peers: watched.map((peer) => ({
      ...describePeer(peer),
      receive_rate: peer.rate === undefined ? null : Math.round(peer.rate.received),
      send_rate: peer.rate === undefined ? null : Math.round(peer.rate.sent),
    })),
  };
}

function sumRates(watched: readonly WatchedPeer[]): Rate {
  const sum = (amount: (rate: Rate) => number) =>
    watched.reduce((total, { rate }) => total + (rate === undefined ? 0 : amount(rate)), 0);
  return { received: sum(({ received }) => received), sent: sum(({ sent }) => sent) };
}
