import { parseServer } from '../../../core/relay/endpoints.ts';
import type { HostPort } from '../../../core/values/host-port.ts';
import { isRoot } from '../call.ts';
import { isTunnelUp } from '../status/standing.ts';
import { readSettings } from './accepted.ts';
import { type Finding, type FindingCode, finding, NEEDS_ROOT, NotChecked, type TunnelCheck } from './finding.ts';
import { findFaultAsJoin } from './network.ts';

const LOOK_UP = 'getent ahosts';
const ASKED_THROUGH_TUNNEL = new NotChecked(
  'names are looked up through the tunnel, which is down; wgkex-join uses the addresses that it knows',
);

/** The name and the exchange of each gateway. */
export const gateways: TunnelCheck = {
  name: 'gateways',
  async find({ instance, state }) {
    const takesAll = instance.traffic === 'all';
    // Packets of other users go into the tunnel, dead or alive.
    if (takesAll && !isRoot()) return NEEDS_ROOT;
    const all = await Promise.all(instance.gateways.map((one) => judge(one, 'exchange-unreachable')));
    const found = all.flat();
    const isBlind = takesAll && (state === undefined || !isTunnelUp(state));
    return isBlind && found.some(({ code }) => code === 'name-unknown') ? ASKED_THROUGH_TUNNEL : found;
  },
};

/** The relay of the gateway in use; the others are known only from their replies. */
export const relay: TunnelCheck = {
  name: 'relay',
  async find({ name, instance }) {
    if (instance.overTcp === 'never') return new NotChecked('over_tcp is never');
    if (!isRoot()) return NEEDS_ROOT;
    const settings = readSettings(name);
    if (settings === undefined) return new NotChecked('no gateway has sent a configuration yet');
    if (settings.relay === undefined) return new NotChecked('the gateway has no relay');
    const server = parseServer(settings.relay);
    return judge(server, 'relay-unreachable');
  },
};

async function judge(where: HostPort, code: FindingCode): Promise<Finding[]> {
  const fault = await findFaultAsJoin(where);
  if (fault === undefined) return [];
  const { kind, reason } = fault;
  return [kind === 'name' ? finding('name-unknown', reason, `${LOOK_UP} ${where.host}`) : finding(code, reason)];
}
