import { isLeased } from '../../../config/config.ts';
import { readGateway } from '../../gateway/gateway.ts';
import { surveyLeases } from '../../members/survey.ts';
import { type Check, isRoot, NEEDS_ROOT } from '../check.ts';

/** What `wgkex status` reports of the leases: a table that cannot be read, and peers that do not match it. */
export const leases: Check = {
  name: 'leases',
  async find({ domains, config }) {
    if (!isRoot()) return NEEDS_ROOT;
    const leased = domains.filter(isLeased);
    return (await surveyLeases(await readGateway(leased, config), config)).concerns;
  },
};
