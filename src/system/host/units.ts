import { parseUnitStates, UNIT_PROPERTIES, type UnitState } from '../../core/host/units.ts';
import { run } from '../run/run.ts';

/** The units of these names, also those that there are not. */
export async function readUnitStates(names: readonly string[]): Promise<UnitState[]> {
  return parseUnitStates(await run('systemctl', ['show', `--property=${UNIT_PROPERTIES.join(',')}`, ...names]));
}
