import * as z from 'zod';
import { EVERYTHING, type Family, type Network, parseCidr } from '../../core/client/networks.ts';
import type { Surroundings } from '../../core/client/route-rules.ts';
import { MAIN_TABLE, WIDEST_PREFIX_BITS } from '../../core/client/tunnel-plan.ts';
import { parseTableRoutes, type TableRoute } from '../../core/kernel/table-routes.ts';
import { type IpAddress, parseIpAddress } from '../../core/values/ip-address.ts';
import { parseJsonOf } from '../../core/values/json.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { run } from '../run/run.ts';
import { listFamilies, OPTION } from './marked.ts';
import { readNameServers } from './name-servers.ts';

const RESOLVER_FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];
/** rtnetlink(7) */
const LOCAL_TABLE = 255;
const foundSchema = z.array(z.looseObject({ dev: z.string() })).length(1);

/** What this machine must not lose to a tunnel; what the tunnel with this interface has itself is left out. */
export async function readSurroundings(device: InterfaceName): Promise<Surroundings> {
  const [routes, resolvers] = await Promise.all([readRoutes(), readResolvers(device)]);
  const others = routes.filter((route) => route.device !== device);
  const main = others.filter(({ table }) => table === MAIN_TABLE);
  const narrow = others.filter(({ wide, table }) => !wide && (table === MAIN_TABLE || table === LOCAL_TABLE));
  return {
    networks: narrow.map(({ network, device: other = 'no device' }) => ({ network, device: other })),
    gateways: main.filter(({ wide }) => wide).flatMap(({ gateways }) => gateways.map(parseIpAddress)),
    resolvers,
  };
}

/** The devices that lead to the internet by IPv4. */
export async function readUplinks(device: InterfaceName): Promise<Set<string>> {
  const routes = await readRoutes();
  const uplinks = routes.filter(({ wide, network, table }) => wide && table === MAIN_TABLE && !network.includes(':'));
  return new Set(uplinks.flatMap(({ device: other }) => (other === undefined || other === device ? [] : other)));
}

/** The routes of all tables; a wide one is a default route or as good as that. */
async function readRoutes(): Promise<(TableRoute & { readonly wide: boolean })[]> {
  const read = async (family: Family) => {
    const text = await run('ip', [OPTION[family], '-N', '-json', 'route', 'show', 'table', 'all']);
    return parseTableRoutes(text, EVERYTHING[family]).map((route) => ({
      ...route,
      wide: isWide(parseCidr(route.network)),
    }));
  };
  return (await Promise.all(listFamilies().map(read))).flat();
}

function isWide({ family, prefixBits }: Network): boolean {
  return prefixBits <= WIDEST_PREFIX_BITS[family];
}

async function readResolvers(device: InterfaceName): Promise<IpAddress[]> {
  const all = [...new Set(RESOLVER_FILES.flatMap(readNameServers))];
  const ways = await Promise.all(all.map(async (address) => ({ address, way: await findDevice(address) })));
  return ways.filter(({ way }) => way !== device).map(({ address }) => address);
}

/** The interface by which this machine reaches an address; undefined if it does not. */
async function findDevice(address: IpAddress): Promise<string | undefined> {
  try {
    const text = await run('ip', ['-json', 'route', 'get', address]);
    return parseJsonOf(foundSchema, text, 'the route')[0]?.dev;
  } catch {
    return undefined;
  }
}
