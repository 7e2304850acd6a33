import { closeSync, openSync, statSync } from 'node:fs';
import { execa } from 'execa';
import { exchange, makeKey } from '../../lab/client.ts';
import { pause } from '../../lab/commands.ts';
import { inParallel } from '../../lab/crowd.ts';
import { AS_WGKEX, type Gateway, HTTP_PORT } from '../../lab/gateway.ts';
import { resetInterfaces } from './interfaces.ts';
import { DOMAIN, Server, type ServerName } from './server.ts';

/** All of the load comes from one address, and none of its keys ever connects; every other limit is as it is. */
const SETTINGS = { limits: { exempt: ['10.0.0.0/8'] } };
const HTTP_SETTINGS = { ...SETTINGS, gateway: { name: 'gw1.example.org' }, http: { listen: [`[::]:${HTTP_PORT}`] } };
const DOMAIN_SETTINGS = { max_peers: 100_000, max_pending: 100_000 };
/** Version 0.1 decides for one second on what it read, which is not true of new interfaces. */
const READING_MILLISECONDS = 1100;
const REGISTERING_CLIENTS = 256;

/**
 * The wgkex that is built in `directory`, installed: the listener as its user, the handler behind sudo, and lines for
 * the journal in a file.
 */
export async function createWgkex(
  gateway: Gateway,
  name: ServerName,
  directory: string,
  door?: 'http',
): Promise<Server> {
  await gateway.configure(door === 'http' ? HTTP_SETTINGS : SETTINGS, DOMAIN_SETTINGS);
  const log = `/run/${name}.log`;
  return new Server({
    name,
    ...(door === undefined ? {} : { door }),
    namespace: gateway.namespace,
    host: gateway.address,
    command: [...AS_WGKEX, '/usr/lib/wgkex/wgkex-listen'],
    environment: { JOURNAL_STREAM: nameStream(log) },
    log,
    // A process that runs keeps what it was started from: several builds can serve at a time.
    install: async () => {
      await execa(`${directory}/bin/install`);
    },
    reset: (peers) => resetGateway(gateway, peers),
  });
}

/** A peer is wgkex's only if wgkex has registered it. The cleanup takes those of the former interfaces off the record. */
async function resetGateway(gateway: Gateway, peers: number): Promise<number | undefined> {
  const wireguardPid = await resetInterfaces(gateway, 0);
  await gateway.cleanUp();
  await pause(READING_MILLISECONDS);
  const register = () => exchange(gateway.address, DOMAIN, makeKey());
  const replies = await inParallel(peers, REGISTERING_CLIENTS, register);
  const refused = replies.find((reply) => reply !== 'OK\n');
  if (refused !== undefined) throw new Error(`A peer could not be registered: ${refused}`);
  await pause(READING_MILLISECONDS);
  return wireguardPid;
}

/** Makes the file; by this name systemd tells a service that its standard error is the journal. */
function nameStream(file: string): string {
  closeSync(openSync(file, 'a'));
  const { dev, ino } = statSync(file);
  return `${dev}:${ino}`;
}
