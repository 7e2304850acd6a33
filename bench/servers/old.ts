import { copyFile, writeFile } from 'node:fs/promises';
import { sh } from '../../lab/commands.ts';
import { EXCHANGE_PORT, type Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { resetInterfaces } from './interfaces.ts';
import { DOMAIN, Server } from './server.ts';

const USER = 'shell-service';
const HANDLER = '/usr/local/sbin/shell-service';
/** As many may wait as with wgkex; a connection that socat's own 5 leave no place for is tried again a second later. */
const BACKLOG = 4096;
/** As many side by side serve it best on 2 cores: of 4, 8, 16, 32 and 100, these had the highest rate at 64 and 256 clients. */
const MAX_CHILDREN = 16;

/** The shell service behind socat, as a user of its own with a sudoers rule of its own; its interfaces a gateway's. */
export async function createOld(gateway: Gateway): Promise<Server> {
  await copyFile('bench/servers/shell-service', HANDLER);
  const asUser = IS_ROOT_ALONE ? [] : await addUser();
  const handler = [...(IS_ROOT_ALONE ? [] : ['sudo', '-n']), HANDLER, DOMAIN, gateway.wireguard(), gateway.vxlan()];
  const listen = `TCP6-LISTEN:${EXCHANGE_PORT},reuseaddr,fork,backlog=${BACKLOG},max-children=${MAX_CHILDREN}`;
  return new Server({
    name: 'old',
    namespace: gateway.namespace,
    host: gateway.address,
    command: [...asUser, 'socat', listen, `EXEC:"${handler.join(' ')}"`],
    log: '/run/old.log',
    reset: (peers) => resetInterfaces(gateway, peers),
  });
}

/** Returns what makes a program that user. */
async function addUser(): Promise<string[]> {
  await sh('systemd-sysusers', '--inline', `u ${USER} - "Shell service" - -`);
  await writeFile(`/etc/sudoers.d/${USER}`, `${USER} ALL = (root) NOPASSWD: ${HANDLER}\n`, { mode: 0o440 });
  return ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--init-groups'];
}
