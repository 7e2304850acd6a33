import type { Vni } from '../../../core/operator/vni.ts';
import type { Derivation } from '../../../core/values/derived-address.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';

const COLUMNS: readonly Column<Derivation>[] = [
  { title: 'DERIVATION', forms: [({ variant }) => variant] },
  { title: 'MAC ADDRESS', forms: [({ mac }) => mac] },
  { title: 'ADDRESS', forms: [({ address }) => address] },
];

export function renderDerivations(derivations: readonly Derivation[], terminal: Terminal): string[] {
  return renderTable(derivations, COLUMNS, terminal);
}

const VNI_COLUMNS: readonly Column<Vni>[] = [
  { title: 'VNI', forms: [({ vni }) => String(vni)], align: 'right' },
  { title: 'LABEL', forms: [({ label }) => label] },
  { title: 'GLUON PACKAGE', forms: [({ firmware }) => firmware] },
];

export function renderVnis(vnis: readonly Vni[], terminal: Terminal): string[] {
  return renderTable(vnis, VNI_COLUMNS, terminal);
}
