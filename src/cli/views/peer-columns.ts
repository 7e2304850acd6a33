import { formatBytesShort } from '../../core/operator/byte-count.ts';
import type { PeerState } from '../../core/peers/peer-state.ts';
import { abbreviateKey } from '../../core/values/public-key.ts';
import type { ListedPeer } from '../gateway/peers.ts';
import type { Column } from '../terminal/table.ts';
import type { Style } from '../terminal/terminal.ts';
import { formatAge, formatAgo, formatNetworks } from '../terminal/words.ts';

export const STATE_STYLES: Record<PeerState, Style> = {
  alive: 'good',
  idle: 'plain',
  stale: 'notice',
  pending: 'faint',
  static: 'strong',
};
/** An IPv4 address, and a derived one. */
const LEAST_ENDPOINT = 15;
const LEAST_ADDRESS = 23;
const LEAST_NAME = 24;
/** The longest amount: the table stays as it is while amounts change. */
const AMOUNT_WIDTH = 5;
/** A narrower terminal has no space for the endpoint of a peer. */
export const WIDE_COLUMNS = 100;
/** A narrower one has no space for both the address and the name. */
const NAME_COLUMNS = 120;

export const KEY: Column<ListedPeer> = {
  title: 'KEY',
  forms: [({ peer }) => peer.key, ({ peer }) => abbreviateKey(peer.key)],
  rank: 3,
};

export const STATE: Column<ListedPeer> = {
  title: 'STATE',
  forms: [({ state }) => state],
  style: ({ state }) => STATE_STYLES[state],
};

export const ADDRESS: Column<ListedPeer> = {
  title: 'ADDRESS',
  forms: [({ peer }) => formatNetworks(peer.allowedIps) || '-'],
  atLeast: LEAST_ADDRESS,
};

/** Where a table that has names is too narrow for both. */
const NAME_OR_ADDRESS: Column<ListedPeer> = {
  title: 'NAME OR ADDRESS',
  forms: [(listed) => findName(listed) ?? (formatNetworks(listed.peer.allowedIps) || '-')],
  atLeast: LEAST_ADDRESS,
  until: NAME_COLUMNS,
};

/** To be the last column: where a terminal draws an unusual character in another width, nothing else moves. */
const NAME: Column<ListedPeer> = {
  title: 'NAME',
  forms: [(listed) => findName(listed) ?? '-'],
  since: NAME_COLUMNS,
  atLeast: LEAST_NAME,
};

function shareWithName<Row extends ListedPeer>(address: Column<Row>): Column<Row>[] {
  const { heading } = address;
  return [
    { ...address, since: NAME_COLUMNS },
    { ...NAME_OR_ADDRESS, ...(heading && { heading }) },
  ];
}

/** These columns of peers, with the names of routers if there are any. */
export function withNames<Row extends ListedPeer>(columns: readonly Column<Row>[], hasNames: boolean): Column<Row>[] {
  if (!hasNames) return [...columns];
  const named = columns.flatMap((column) => (column.title === ADDRESS.title ? shareWithName(column) : [column]));
  return [...named, NAME];
}

export const ENDPOINT: Column<ListedPeer> = {
  title: 'ENDPOINT',
  forms: [({ peer }) => peer.endpoint ?? '-'],
  since: WIDE_COLUMNS,
  atLeast: LEAST_ENDPOINT,
};

export const HANDSHAKE: Column<ListedPeer> = {
  title: 'HANDSHAKE',
  forms: [
    ({ peer, reading }) => formatAgo(peer.lastHandshake, reading.at),
    ({ peer, reading }) => formatAge(peer.lastHandshake, reading.at),
  ],
  rank: 1,
  align: 'right',
  style: ({ state }) => STATE_STYLES[state],
};

export const TRAFFIC: readonly Column<ListedPeer>[] = [
  buildAmountColumn('RX', ({ peer }) => peer.received),
  buildAmountColumn('TX', ({ peer }) => peer.sent),
];

/** Forwarding entries, and the route if the domain keeps routes. */
export const ENTRIES: Column<ListedPeer> = {
  title: 'FDB',
  forms: [describeEntries, (listed) => (isServed(listed) ? describeEntries(listed) : 'no')],
  style: (listed) => (isServed(listed) ? 'plain' : 'bad'),
  rank: 4,
};

/** Bytes, or bytes per second; `-` if unknown. */
export function buildAmountColumn<Row>(title: string, find: (row: Row) => number | undefined): Column<Row> {
  const format = (amount: number | undefined) =>
    (amount === undefined ? '-' : formatBytesShort(amount)).padStart(AMOUNT_WIDTH);
  return { title, forms: [(row) => format(find(row))], align: 'right' };
}

function findName({ peer, reading }: ListedPeer): string | undefined {
  return reading.names.get(peer.key);
}

function isServed({ missingEntries, lacksRoute }: ListedPeer): boolean {
  return missingEntries.length === 0 && !lacksRoute;
}

/** wgkex does not deal with the operator's peers, and a member needs no entry. */
function describeEntries({ state, missingEntries, lacksRoute, reading: { domain } }: ListedPeer): string {
  if (state === 'static' || domain.leased !== undefined) return '-';
  const found = domain.fdb.length - missingEntries.length;
  const entries = found === domain.fdb.length ? 'ok' : `${found} of ${domain.fdb.length}`;
  return lacksRoute ? `${entries}, no route` : entries;
}
