import { formatBytes, formatBytesShort } from '../../core/byte-count.ts';
import type { PeerState } from '../../core/peer-state.ts';
import { abbreviateKey } from '../../core/public-key.ts';
import type { ListedPeer } from '../reading/peers.ts';
import type { Column } from './table.ts';
import type { Style } from './terminal.ts';
import { formatAgo, formatNetworks } from './words.ts';

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
const AMOUNT_WIDTH = 8;

export const KEY: Column<ListedPeer> = {
  forms: [
    { title: 'KEY', cell: ({ peer }) => peer.key },
    { title: 'KEY', cell: ({ peer }) => abbreviateKey(peer.key) },
  ],
  rank: 3,
};

export const STATE: Column<ListedPeer> = {
  forms: [{ title: 'STATE', cell: ({ state }) => state }, null],
  style: ({ state }) => STATE_STYLES[state],
  rank: 1,
};

export const ADDRESS: Column<ListedPeer> = {
  forms: [{ title: 'ADDRESS', cell: ({ peer }) => formatNetworks(peer.allowedIps) || '-' }],
  atLeast: LEAST_ADDRESS,
};

export const ENDPOINT: Column<ListedPeer> = {
  forms: [{ title: 'ENDPOINT', cell: ({ peer }) => peer.endpoint ?? '-' }],
  atLeast: LEAST_ENDPOINT,
};

export const HANDSHAKE: Column<ListedPeer> = {
  forms: [{ title: 'HANDSHAKE', cell: ({ peer, reading }) => formatAgo(peer.lastHandshake, reading.at) }],
  align: 'right',
  style: ({ state }) => STATE_STYLES[state],
};

/** What came and what went; where there is little room, the sum. */
export const TRAFFIC: Column<ListedPeer> = {
  forms: [
    {
      title: putTogether('RX', 'TX'),
      cell: ({ peer }) => putTogether(formatBytes(peer.received), formatBytes(peer.sent)),
    },
    { title: 'BYTES', cell: ({ peer }) => formatBytesShort(peer.received + peer.sent) },
  ],
  align: 'right',
  rank: 2,
};

/** Forwarding entries, and the route where the domain keeps them. */
export const ENTRIES: Column<ListedPeer> = {
  forms: [
    { title: 'FORWARDING', cell: describeEntries },
    { title: 'FDB', cell: (listed) => (isServed(listed) ? describeEntries(listed) : 'no') },
  ],
  style: (listed) => (isServed(listed) ? 'plain' : 'bad'),
  rank: 4,
};

function putTogether(received: string, sent: string): string {
  return `${received.padStart(AMOUNT_WIDTH)}  ${sent.padStart(AMOUNT_WIDTH)}`;
}

function isServed({ missingEntries, lacksRoute }: ListedPeer): boolean {
  return missingEntries.length === 0 && !lacksRoute;
}

/** The operator's peers are none of wgkex's business. */
function describeEntries({ state, missingEntries, lacksRoute, reading: { domain } }: ListedPeer): string {
  if (state === 'static') return '-';
  const found = domain.fdb.length - missingEntries.length;
  const entries = found === domain.fdb.length ? 'ok' : `${found} of ${domain.fdb.length}`;
  return lacksRoute ? `${entries}, no route` : entries;
}
