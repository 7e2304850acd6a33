import type { Config } from '../../config/config.ts';
import { describeError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { findOwnId } from '../../mqtt-client/own-id.ts';
import { run } from '../../system/run/run.ts';
import type { FleetMember } from './heard.ts';
import { readFleet } from './reading.ts';
import type { Elsewhere } from './remote-block.ts';

/** Nobody is there to answer a question; and the name comes from the broker, so its host has to be known already. */
const SSH_OPTIONS = ['BatchMode=yes', 'StrictHostKeyChecking=yes', 'ForwardAgent=no', 'ConnectTimeout=5'].flatMap(
  (option) => ['-o', option],
);

/**
 * Blocks a key on all other gateways that are online, each of which is logged in to as root: what comes over the broker
 * may never edit a list. @throws Error with one line if no broker can be reached.
 */
export async function blockElsewhere(
  mqtt: NonNullable<Config['mqtt']>,
  key: PublicKey,
  dryRun: boolean,
): Promise<Elsewhere[]> {
  const { members } = await readFleet(mqtt);
  const others = members.filter(({ id, domains }) => id !== findOwnId(mqtt) && domains.size > 0);
  return Promise.all(others.map((member) => blockAt(member, key, dryRun)));
}

async function blockAt({ id, isOnline, domains }: FleetMember, key: PublicKey, dryRun: boolean): Promise<Elsewhere> {
  const [host = ''] = [...domains.values()].map(({ name }) => name);
  const about = { gateway: id, host };
  if (!isOnline) return { ...about, outcome: 'offline' };
  if (dryRun) return { ...about, outcome: 'not run' };
  try {
    await run('ssh', [...SSH_OPTIONS, '--', `root@${host}`, 'wgkex', 'block', key]);
    return { ...about, outcome: 'blocked' };
  } catch (error) {
    return { ...about, outcome: 'failed', reason: describeError(error) };
  }
}
