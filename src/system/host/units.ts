import { parseUnitStates, UNIT_PROPERTIES, type UnitState } from '../../core/host/units.ts';
import { run } from '../run/run.ts';

/** The units of these names, including those that do not exist. */
export async function readUnitStates(names: readonly string[]): Promise<UnitState[]> {
  return parseUnitStates(await run('systemctl', ['show', `--property=${UNIT_PROPERTIES.join(',')}`, ...names]));
}
