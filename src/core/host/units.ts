import { InputError } from '../values/errors.ts';
import { parseProperties } from './systemd-properties.ts';

/** A unit in systemd's own terms; see org.freedesktop.systemd1(5). */
export interface UnitState {
  readonly id: string;
  /** `loaded`, `not-found`, `masked`, `bad-setting`, `error`. */
  readonly load: string;
  /** `active`, `inactive`, `failed`, `activating`, `deactivating`. */
  readonly active: string;
  /** `enabled`, `disabled`, `static`, `masked`, ...; empty for a unit that does not exist. */
  readonly file: string;
  /** Where a socket listens, e.g. `[::]:10012`. */
  readonly listen: readonly string[];
}

/** The properties that {@link parseUnitStates} needs. */
export const UNIT_PROPERTIES = ['Id', 'LoadState', 'ActiveState', 'UnitFileState', 'Listen'] as const;

/**
 * Parses `systemctl show --property=...` of several units, which puts an empty line between them.
 * @throws InputError for any other text.
 */
export function parseUnitStates(text: string): UnitState[] {
  return text.trim().split(/\n\n+/).map(parseUnit);
}

function parseUnit(block: string): UnitState {
  const properties = parseProperties(block);
  const find = (wanted: (typeof UNIT_PROPERTIES)[number]) =>
    properties.flatMap(({ name, value }) => (name === wanted ? [value] : []));
  const [[id], [load], [active], [file = '']] = [
    find('Id'),
    find('LoadState'),
    find('ActiveState'),
    find('UnitFileState'),
  ];
  if (!id || !load || !active) throw new InputError('Cannot read the state of a unit: a property is missing');
  return { id, load, active, file, listen: find('Listen').map((text) => text.replace(/ \(\w+\)$/, '')) };
}
