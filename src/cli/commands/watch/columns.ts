import type { Rate } from '../../gateway/rates.ts';
import type { Column } from '../../terminal/table.ts';
import {
  ADDRESS,
  buildAmountColumn,
  ENDPOINT,
  ENTRIES,
  HANDSHAKE,
  KEY,
  STATE,
  WIDE_COLUMNS,
  withNames,
} from '../../views/peer-columns.ts';
import type { WatchedPeer, WatchOrder } from './orders.ts';

/** The longest texts that are usual: a table that is scrolled stays as it is. */
const ADDRESS_WIDTH = 23;
const ENDPOINT_WIDTH = 15;
const AGO_WIDTH = 10;

/** The headings of the columns by which the peers are sorted stand out. */
export function buildColumns(hasDomains: boolean, order: WatchOrder, hasNames: boolean): Column<WatchedPeer>[] {
  const wanted = hasDomains ? COLUMNS : COLUMNS.filter(({ column }) => column !== DOMAIN);
  const columns = wanted.map(
    ({ column, orders }): Column<WatchedPeer> => ({ ...column, ...(orders.includes(order) && { heading: 'chosen' }) }),
  );
  return withNames(columns, hasNames);
}

const DOMAIN: Column<WatchedPeer> = {
  title: 'DOMAIN',
  forms: [({ reading }) => reading.domain.name],
  atLeast: 6,
};

const COLUMNS: readonly { readonly column: Column<WatchedPeer>; readonly orders: readonly WatchOrder[] }[] = [
  { column: DOMAIN, orders: ['domain'] },
  { column: KEY, orders: ['key'] },
  { column: keepWidth(STATE, 'pending'.length), orders: ['state'] },
  { column: keepWidth(ADDRESS, ADDRESS_WIDTH), orders: ['address'] },
  { column: keepWidth(ENDPOINT, ENDPOINT_WIDTH), orders: ['endpoint'] },
  { column: keepWidth(HANDSHAKE, AGO_WIDTH), orders: ['handshake'] },
  { column: buildRateColumn('RX/S', ({ received }) => received), orders: ['received', 'traffic'] },
  { column: buildRateColumn('TX/S', ({ sent }) => sent), orders: ['sent', 'traffic'] },
  { column: { ...ENTRIES, since: WIDE_COLUMNS }, orders: ['entries'] },
];

/** Only its most detailed form, as the others are for narrow terminals. */
function keepWidth<Row>(column: Column<Row>, width: number): Column<Row> {
  const [first, ...others] = column.forms;
  if (first === undefined) return column;
  const pad = column.align === 'right' ? 'padStart' : 'padEnd';
  return { ...column, forms: [(row) => first(row)[pad](width), ...others] };
}

function buildRateColumn(title: string, find: (rate: Rate) => number): Column<WatchedPeer> {
  const findRate = ({ rate }: WatchedPeer) => (rate === undefined ? undefined : find(rate));
  return { ...buildAmountColumn(title, findRate), style: (peer) => (findRate(peer) ? 'plain' : 'faint') };
}
