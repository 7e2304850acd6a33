import type { Derivation } from '../../core/link-address.ts';
import { type Column, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const COLUMNS: readonly Column<Derivation>[] = [
  { forms: [{ title: 'DERIVATION', cell: ({ variant }) => variant }] },
  { forms: [{ title: 'MAC ADDRESS', cell: ({ mac }) => mac }] },
  { forms: [{ title: 'ADDRESS', cell: ({ address }) => address }] },
];

export function renderDerivations(derivations: readonly Derivation[], terminal: Terminal): string[] {
  return renderTable(derivations, COLUMNS, terminal);
}
