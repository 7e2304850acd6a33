import { existsSync, realpathSync } from 'node:fs';
import { InputError } from '../../core/values/errors.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { PROGRAMS } from '../run/programs.ts';
import { run } from '../run/run.ts';
import { readNameServers } from './name-servers.ts';

const RESOLV_CONF = '/etc/resolv.conf';
/** Debian’s package resolvconf, whose program asks other servers as well. */
const OTHER_RESOLVCONF = '/etc/resolvconf/interface-order';
/** Where systemd-resolved listens (systemd-resolved.service(8)). */
const STUBS = ['127.0.0.53', '127.0.0.54'];

/** Who decides which name servers this machine asks. */
export type DnsWay = 'resolved' | 'resolvconf';

/** @throws InputError if there is nobody who can make this machine ask the tunnel’s name servers alone. */
export function requireDnsWay(): DnsWay {
  if (isResolved()) return 'resolved';
  if (isOpenresolv()) return 'resolvconf';
  throw new InputError(
    'Cannot take all traffic: names would be looked up outside the tunnel; apt-get install systemd-resolved (or openresolv)',
  );
}

/** Makes the machine ask these servers alone, through this interface. @throws InputError if it would ask others as well. */
export async function setDns(way: DnsWay, device: InterfaceName, servers: readonly string[]): Promise<void> {
  if (way === 'resolved') {
    await run('resolvectl', ['dns', device, ...servers]);
    await run('resolvectl', ['domain', device, '~.']);
    await run('resolvectl', ['default-route', device, 'yes']);
    return;
  }
  await run('resolvconf', ['-a', device, '-m', '0', '-x'], servers.map((server) => `nameserver ${server}\n`).join(''));
  const others = readNameServers(RESOLV_CONF).filter((one) => !servers.includes(one) && !one.startsWith('127.'));
  if (others.length > 0)
    throw new InputError(
      `Cannot take all traffic: after resolvconf ${RESOLV_CONF} still has the name server ${others[0]}`,
    );
}

/** Undoes {@link setDns} for an interface that stays, whichever way it went. */
export async function revertDns(device: InterfaceName): Promise<void> {
  await clearDns(device);
  if (isResolved()) await run('resolvectl', ['revert', device]);
}

/** The same for an interface that is deleted next, which systemd-resolved notices. Does nothing where nothing was set. */
export async function clearDns(device: InterfaceName): Promise<void> {
  if (isOpenresolv()) await run('resolvconf', ['-f', '-d', device]);
}

/** Its program alone does not mean that anyone asks it: resolv.conf may name other servers. */
function isResolved(): boolean {
  const servers = readNameServers(RESOLV_CONF);
  return existsSync(PROGRAMS.resolvectl) && servers.length > 0 && servers.every((server) => STUBS.includes(server));
}

/** Its program may also be a name of resolvectl(1). */
function isOpenresolv(): boolean {
  if (!existsSync(PROGRAMS.resolvconf) || existsSync(OTHER_RESOLVCONF)) return false;
  return !realpathSync(PROGRAMS.resolvconf).endsWith('/resolvectl');
}
