import type { Derivation } from '../../core/link-address.ts';
import type { Vni } from '../../core/vni.ts';
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

const VNI_COLUMNS: readonly Column<Vni>[] = [
  { forms: [{ title: 'VNI', cell: ({ vni }) => String(vni) }], align: 'right' },
  { forms: [{ title: 'LABEL', cell: ({ label }) => label }] },
  { forms: [{ title: 'GLUON PACKAGE', cell: ({ firmware }) => firmware }] },
];

export function renderVnis(vnis: readonly Vni[], terminal: Terminal): string[] {
  return renderTable(vnis, VNI_COLUMNS, terminal);
}
