import { parseTunnelFile } from '../../../core/client/configuration/tunnel-file.ts';
import { deriveInterface } from '../../../core/client/instance.ts';
import { findObjection } from '../../../core/client/route-rules.ts';
import { InputError } from '../../../core/values/errors.ts';
import { requireDnsWay } from '../../../system/client/dns.ts';
import { readAccepted } from '../../../system/client/store/accepted.ts';
import { readSurroundings } from '../../../system/client/surroundings.ts';
import { isRoot } from '../call.ts';
import { finding, NEEDS_ROOT, NotChecked, type TunnelCheck } from './finding.ts';

/** Whether wgkex-tunnel would still accept the configuration: the networks around may have changed. */
export const routes: TunnelCheck = {
  name: 'routes',
  async find({ name, instance: { traffic } }) {
    if (!isRoot()) return NEEDS_ROOT;
    const accepted = readAccepted(name);
    if (accepted === undefined) return new NotChecked('no gateway has sent a configuration yet');
    const surroundings = await readSurroundings(deriveInterface(name));
    const around = { traffic, endpoint: accepted.endpoint.address, surroundings };
    const objection = findObjection(parseTunnelFile(accepted.config), around);
    return objection === undefined ? [] : [finding('route-overlaps', objection)];
  },
};

/** With all traffic, names are looked up through the tunnel. */
export const resolver: TunnelCheck = {
  name: 'resolver',
  async find({ instance: { traffic } }) {
    if (traffic !== 'all') return new NotChecked('only for all_traffic');
    try {
      requireDnsWay();
      return [];
    } catch (error) {
      if (error instanceof InputError) return [finding('resolver-missing', error.message)];
      throw error;
    }
  },
};
