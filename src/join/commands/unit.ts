import type { InstanceName } from '../../core/client/instance.ts';
import type { UnitState } from '../../core/host/units.ts';
import { readUnitStates } from '../../system/host/units.ts';
import { nameUnit } from './service.ts';

/** What systemd says of the service of a tunnel, installed or not. @throws ProgramError */
export async function readUnit(name: InstanceName): Promise<UnitState> {
  const [state] = await readUnitStates([nameUnit(name)]);
  if (state === undefined) throw new Error(`Cannot read the state of ${nameUnit(name)}: systemctl printed nothing`);
  return state;
}
