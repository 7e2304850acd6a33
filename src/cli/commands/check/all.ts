import type { Check } from '../../check/check.ts';
import { interfaces } from '../../check/interfaces.ts';
import { account } from '../../check/machine/account.ts';
import { clock } from '../../check/machine/clock.ts';
import { permissions } from '../../check/machine/permissions.ts';
import { port } from '../../check/machine/port.ts';
import { programs } from '../../check/machine/programs.ts';
import { sudo } from '../../check/machine/sudo.ts';
import { units } from '../../check/machine/units.ts';
import { ownership } from '../../check/ownership.ts';
import { peers } from '../../check/peers.ts';

/** From the ground up. */
export const CHECKS: readonly Check[] = [
  programs,
  permissions,
  account,
  sudo,
  units,
  port,
  interfaces,
  peers,
  ownership,
  clock,
];
