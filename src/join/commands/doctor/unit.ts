import type { UnitState } from '../../../core/host/units.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import { readUnit } from '../unit.ts';
import { type Finding, finding, NEEDS_SYSTEMD, type TunnelCheck } from './finding.ts';
import { REINSTALL } from './installation.ts';

export const unit: TunnelCheck = {
  name: 'service',
  async find({ name }) {
    return isSystemdRunning() ? judgeUnit(await readUnit(name), `wgkex-join up ${name}`) : NEEDS_SYSTEMD;
  },
};

export function judgeUnit({ id, load, active, file }: UnitState, start: string): Finding[] {
  if (load === 'masked') return [finding('unit-missing', `${id} is masked`, `systemctl unmask ${id}; ${start}`)];
  if (load !== 'loaded') return [finding('unit-missing', `${id} cannot be loaded (${load})`, REINSTALL)];
  if (active === 'failed') return [finding('unit-failed', `${id} has failed`, `journalctl -u ${id}; ${start}`)];
  if (active === 'inactive') return [finding('unit-inactive', `${id} is not running`, start)];
  const problem = `${id} does not start at the next boot`;
  return file === 'enabled' ? [] : [finding('unit-not-enabled', problem, `systemctl enable ${id}`)];
}
