import type { UnitState } from '../../../core/host/units.ts';
import type { DomainName } from '../../../core/values/names.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import { readUnitStates } from '../../../system/host/units.ts';
import type { Concern } from '../../gateway/concern.ts';
import { HarmlessRemedy } from '../../gateway/harmless.ts';
import { type Check, concern, NEEDS_SYSTEMD } from '../check.ts';
import { REINSTALL } from './installation.ts';

export const SOCKET = 'wgkex.socket';
const SERVICE = 'wgkex.service';

export const units: Check = {
  name: 'units',
  async find({ domains }) {
    if (!isSystemdRunning()) return NEEDS_SYSTEMD;
    const names = domains.map(({ name }) => name);
    const cleanups = names.flatMap((name) => [nameTimer(name), nameCleanup(name)]);
    return judgeUnits(await readUnitStates([SOCKET, SERVICE, ...cleanups]), names);
  },
};

/** `states` has the socket, the service, and each domain's cleanup timer and cleanup service. */
export function judgeUnits(states: readonly UnitState[], domains: readonly DomainName[]): Concern[] {
  const find = (id: string) => states.filter((state) => state.id === id);
  const listening = [...find(SOCKET), ...find(SERVICE)];
  return [
    ...listening.flatMap(judgeLoading),
    ...listening.flatMap((state) => judgeFailure(state, `systemctl restart ${SOCKET} ${SERVICE}`)),
    ...judgeListening(listening),
    ...domains.flatMap((domain) => {
      const cleanup = nameCleanup(domain);
      const faults = [
        ...find(nameTimer(domain)).flatMap(judgeTimer),
        ...find(cleanup).flatMap((state) => judgeFailure(state, `systemctl start ${cleanup}`)),
      ];
      return faults.map((fault) => ({ ...fault, domain }));
    }),
  ];
}

function judgeLoading({ id, load }: UnitState): Concern[] {
  switch (load) {
    case 'loaded':
      return [];
    case 'masked':
      return [concern('unit-masked', `${id} is masked`, `systemctl unmask ${id}`)];
    case 'not-found':
      return [concern('unit-missing', `${id} is not installed`, REINSTALL)];
    default:
      return [concern('unit-invalid', `${id} cannot be loaded (${load})`, `systemd-analyze verify ${id}`)];
  }
}

function judgeFailure({ id, load, active }: UnitState, remedy: string): Concern[] {
  return load === 'loaded' && active === 'failed' ? [concern('unit-failed', `${id} has failed`, remedy)] : [];
}

/** Either is enough: a connection to the socket starts the service, and the service can open the port by itself. */
function judgeListening(states: readonly UnitState[]): Concern[] {
  if (states.some(({ load, active }) => load !== 'loaded' || active === 'failed')) return [];
  if (!states.some(isActive)) {
    const problem = `neither ${SOCKET} nor ${SERVICE} is active`;
    return [concern('not-listening', problem, HarmlessRemedy.enableUnit(SOCKET, 'now'))];
  }
  if (states.some(isEnabled)) return [];
  const problem = `neither ${SOCKET} nor ${SERVICE} is enabled for the next boot`;
  return [concern('not-enabled', problem, HarmlessRemedy.enableUnit(SOCKET, 'at boot'))];
}

function judgeTimer(timer: UnitState): Concern[] {
  if (timer.load !== 'loaded') return judgeLoading(timer);
  if (!isActive(timer)) {
    const remedy = HarmlessRemedy.enableUnit(timer.id, 'now');
    return [concern('cleanup-not-scheduled', 'no cleanup is scheduled', remedy)];
  }
  if (isEnabled(timer)) return [];
  const remedy = HarmlessRemedy.enableUnit(timer.id, 'at boot');
  return [concern('timer-not-enabled', `${timer.id} is not enabled for the next boot`, remedy)];
}

function isActive({ active }: UnitState): boolean {
  return active === 'active' || active === 'activating';
}

function isEnabled({ file }: UnitState): boolean {
  return file === 'enabled' || file === 'alias';
}

function nameTimer(domain: DomainName): string {
  return `wgkex-cleanup@${domain}.timer`;
}

function nameCleanup(domain: DomainName): string {
  return `wgkex-cleanup@${domain}.service`;
}
