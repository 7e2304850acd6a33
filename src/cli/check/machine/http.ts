import { Resolver } from 'node:dns/promises';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { type Config, type DomainConfig, isMesh } from '../../../config/config.ts';
import { describeError } from '../../../core/values/errors.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../../../core/values/host-port.ts';
import { isLinkLocal } from '../../../core/values/ip-address.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import { readUnitStates } from '../../../system/host/units.ts';
import { interfaceExists, readLinkAddress } from '../../../system/kernel/links.ts';
import { type Concern, fault } from '../../gateway/concern.ts';
import { type Check, concern } from '../check.ts';
import { findDoors, findOwnAddresses } from './port.ts';

const SOCKET = 'wgkex-http.socket';
const RESTART = 'systemctl restart wgkex.service';
/** A socket cannot be started while its service runs, but a restart of the service starts it in between. */
const OPEN = `systemctl enable ${SOCKET} && systemctl stop ${SOCKET} && ${RESTART}`;
const LOOKUP = { timeout: 3000, tries: 1 };
const REPLY_MILLISECONDS = 5000;
/** Firmware asks at this port inside its tunnel, and cannot be told another one. */
const TUNNEL_PORT = 80;

/** Only for a configuration with `[http]`. */
export const http: Check = {
  name: 'http',
  async find({ config, domains }) {
    const faults = await Promise.all([
      findNameFaults(config.gateway.name ?? hostname()),
      findDoorFaults(config),
      // A member does not ask inside its tunnel.
      ...domains.filter(isMesh).map(findTunnelFaults),
    ]);
    return faults.flat();
  },
};

/** Firmware takes only AAAA where it has an IPv6 route, and only A where it has none. */
async function findNameFaults(name: string): Promise<Concern[]> {
  const resolver = new Resolver(LOOKUP);
  const [a, aaaa] = await Promise.all([lookUp(() => resolver.resolve4(name)), lookUp(() => resolver.resolve6(name))]);
  return judgeName(name, { A: a, AAAA: aaaa });
}

type Lookup = 'there' | 'missing' | 'unknown';

/** `records` is what a name server says about each kind. */
export function judgeName(name: string, records: Readonly<Record<'A' | 'AAAA', Lookup>>): Concern[] {
  const find = (wanted: Lookup) => Object.entries(records).flatMap(([kind, found]) => (found === wanted ? [kind] : []));
  if (find('unknown').length > 0)
    return [concern('name-unknown', `no name server says whether routers can dial ${name}`)];
  const missing = find('missing');
  if (missing.length === 0) return [];
  const what = `${name}, which routers dial, has no ${missing.join(' and no ')} record`;
  return [concern('name-incomplete', `${what}: add it, or set another name in [gateway]`)];
}

async function lookUp(ask: () => Promise<readonly unknown[]>): Promise<Lookup> {
  try {
    return (await ask()).length > 0 ? 'there' : 'missing';
  } catch (error) {
    return ['ENOTFOUND', 'ENODATA'].includes((error as NodeJS.ErrnoException).code ?? '') ? 'missing' : 'unknown';
  }
}

async function findDoorFaults({ http }: Config): Promise<Concern[]> {
  const [socket] = isSystemdRunning() ? await readUnitStates([SOCKET]) : [];
  const isSocketOpen = socket?.active === 'active';
  const addresses = isSocketOpen ? socket.listen.map((text) => parseHostPort(text, 0)) : (http?.listen ?? []);
  if (addresses.length === 0) return [concern('http-no-port', '[http] has no port: neither a socket nor listen', OPEN)];
  const own = findOwnAddresses();
  // A link address needs its interface; it is asked below, for its domain.
  const doors = addresses.filter(({ host }) => !isLinkLocal(host)).flatMap((address) => findDoors(address, own));
  const faults = await Promise.all(doors.map((door) => findAnswerFault(door)));
  const remedy = isSocketOpen ? OPEN : RESTART;
  return faults.flatMap((problem) => (problem === undefined ? [] : [concern('http-unanswered', problem, remedy)]));
}

async function findTunnelFaults({ name, wireguard }: DomainConfig): Promise<Concern[]> {
  if (!interfaceExists(wireguard)) return [];
  const link = readLinkAddress(wireguard);
  if (link === undefined) {
    const problem = `${wireguard} has no link-local address, so routers that speak HTTP get FAILED`;
    const remedy = `ip address add fe80::1/64 dev ${wireguard}`;
    return [{ domain: name, ...fault('http-no-link-address', problem, remedy) }];
  }
  const problem = await findAnswerFault({ host: `${link}%${wireguard}`, port: TUNNEL_PORT });
  if (problem === undefined) return [];
  const rebuilding = `routers rebuild their tunnels each minute: ${problem}`;
  return [{ domain: name, ...fault('http-tunnel-unanswered', rebuilding, OPEN) }];
}

/** What is wrong with the answer to the question that firmware asks; undefined if nothing is. */
function findAnswerFault({ host, port }: HostPort): Promise<string | undefined> {
  const where = `GET / at ${formatHostPort({ host, port })}`;
  return new Promise((resolve) => {
    const asking = request({ host, port, path: '/', headers: { Host: 'wgkex' }, timeout: REPLY_MILLISECONDS });
    asking.on('response', (response) => {
      response.resume();
      asking.destroy();
      resolve(response.statusCode === 200 ? undefined : `${where} is answered with ${response.statusCode}, not 200`);
    });
    asking.on('timeout', () => {
      asking.destroy();
      resolve(`${where} is not answered within ${REPLY_MILLISECONDS / 1000} s`);
    });
    asking.on('error', (error) => resolve(`${where} fails: ${describeError(error)}`));
    asking.end();
  });
}
