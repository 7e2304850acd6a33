import type { Check } from '../check.ts';
import { forwarding } from './forwarding.ts';
import { leases } from './leases.ts';

/** Only for a gateway with leases. */
export const LEASE_CHECKS: readonly Check[] = [leases, forwarding];
