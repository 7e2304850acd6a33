import { closeSync, openSync, statSync } from 'node:fs';
import { pause } from '../../test/lab/commands.ts';
import { AS_WGKEX, type Gateway } from '../../test/lab/gateway.ts';
import { resetInterfaces } from './interfaces.ts';
import { Server } from './server.ts';

const LOG = '/run/wgkex.log';
/** All of the load comes from one address, and none of its keys ever connects; every other limit is as it is. */
const SETTINGS = { limits: { exempt: ['10.0.0.0/8'] } };
const DOMAIN_SETTINGS = { max_peers: 100_000, max_pending: 100_000 };
/** For one second the handler decides on what it read, which is not true of new interfaces. */
const READING_MILLISECONDS = 1100;

/** The installed wgkex: the listener as its user, the handler behind sudo, and lines for the journal in a file. */
export async function createWgkex(gateway: Gateway): Promise<Server> {
  await gateway.configure(SETTINGS, DOMAIN_SETTINGS);
  return new Server({
    name: 'wgkex',
    namespace: gateway.namespace,
    host: gateway.address,
    command: [...AS_WGKEX, '/usr/lib/wgkex/wgkex-listen'],
    environment: { JOURNAL_STREAM: nameStream(LOG) },
    log: LOG,
    reset: async (peers) => {
      const wireguardPid = await resetInterfaces(gateway, peers);
      await pause(READING_MILLISECONDS);
      return wireguardPid;
    },
  });
}

/** Makes the file; by this name systemd tells a service that its standard error is the journal. */
function nameStream(file: string): string {
  closeSync(openSync(file, 'a'));
  const { dev, ino } = statSync(file);
  return `${dev}:${ino}`;
}
