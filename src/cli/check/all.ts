import { account } from './account.ts';
import type { Check } from './check.ts';
import { clock } from './clock.ts';
import { interfaces } from './interfaces.ts';
import { ownership } from './ownership.ts';
import { peers } from './peers.ts';
import { permissions } from './permissions.ts';
import { port } from './port.ts';
import { programs } from './programs.ts';
import { sudo } from './sudo.ts';
import { units } from './units.ts';

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
