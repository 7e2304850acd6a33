import { fileURLToPath } from 'node:url';
import { sh } from '../commands.ts';
import type { Machine } from './machine.ts';

const PROGRAMS = fileURLToPath(new URL('../../node_modules/.cache/openresolv', import.meta.url));
const UPLINK = 'uplink';

let installed: Promise<void> | undefined;

/** Gives a machine its name servers by openresolv’s resolvconf(8), as the DHCP client of its uplink would. */
export async function useOpenresolv(machine: Machine, ...servers: string[]): Promise<void> {
  installed ??= install();
  await installed;
  const { exitCode, stderr } = await machine.attempt(
    'resolvconf',
    ['-a', UPLINK],
    servers.map((server) => `nameserver ${server}\n`).join(''),
  );
  if (exitCode !== 0) throw new Error(`resolvconf: ${stderr}`);
}

/** As Debian’s package has it, with its defaults for all else. */
async function install(): Promise<void> {
  await sh('install', '-m', '0755', `${PROGRAMS}/resolvconf`, '/usr/sbin/resolvconf');
  await sh('install', '-m', '0644', `${PROGRAMS}/libc`, '/lib/resolvconf/libc');
}
