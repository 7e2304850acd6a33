import { countStates, type SurveyedPeer } from '../../core/changes/survey.ts';
import { PEER_STATES } from '../../core/peers/peer-state.ts';
import type { DomainReading } from '../gateway/domain.ts';
import type { ListedPeer } from '../gateway/peers.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { count } from '../terminal/words.ts';
import { MESH, type MeshedPeer, SEEN } from './mesh.ts';
import { ADDRESS, ENDPOINT, ENTRIES, HANDSHAKE, KEY, STATE, TRAFFIC, withNames } from './peer-columns.ts';

/** The selected peers of a domain. */
export interface DomainPeers<Peer extends ListedPeer = ListedPeer> {
  readonly reading: DomainReading;
  readonly listed: readonly Peer[];
}

const COLUMNS = [KEY, STATE, ADDRESS, ENDPOINT, HANDSHAKE, ...TRAFFIC, ENTRIES];
const MESH_COLUMNS = [KEY, STATE, ADDRESS, ENDPOINT, HANDSHAKE, MESH, SEEN, ENTRIES];

/** A table for each domain, under its name if there are several. */
export function renderPeers(domains: readonly DomainPeers[], terminal: Terminal): string[] {
  return renderTables(domains, COLUMNS, terminal);
}

/** The same with the mesh in place of the traffic. */
export function renderMesh(domains: readonly DomainPeers<MeshedPeer>[], terminal: Terminal): string[] {
  return renderTables(domains, MESH_COLUMNS, terminal);
}

function renderTables<Peer extends ListedPeer>(
  domains: readonly DomainPeers<Peer>[],
  columns: readonly Column<Peer>[],
  terminal: Terminal,
): string[] {
  return domains.flatMap(({ reading, listed }, index) => {
    const { paint } = terminal;
    const heading = `${paint('strong', reading.domain.name)}  ${paint('faint', summarise(reading.peers))}`;
    const table =
      listed.length === 0
        ? [paint('faint', 'none')]
        : renderTable(listed, withNames(selectColumns(columns, reading), reading.names.size > 0), terminal);
    return domains.length === 1 ? table : [...(index === 0 ? [] : ['']), heading, ...table];
  });
}

/** Members are not in a mesh. */
function selectColumns<Row>(columns: readonly Column<Row>[], { domain }: DomainReading): readonly Column<Row>[] {
  if (domain.leased === undefined) return columns;
  return columns.filter(({ title }) => ![ENTRIES, MESH, SEEN].some((column) => column.title === title));
}

/** `214 peers: 180 alive, 34 pending`. */
export function summarise(peers: readonly SurveyedPeer[]): string {
  const counts = countStates(peers);
  const parts = PEER_STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
  const all = count(peers.length, 'peer', 'peers');
  return parts.length === 0 ? all : `${all}: ${parts.join(', ')}`;
}
