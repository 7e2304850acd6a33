import { IS_IN_USER_NAMESPACE } from '../lab/gateway.ts';
import type { Stage } from './gateway.ts';
import { GATEWAY_MESH_ADDRESS, type Router } from './router.ts';
import { say, showHeading, showHint } from './terminal.ts';

/** A user who became root through sudo needs sudo again to enter; in a user namespace nobody does. */
const SUDO = !IS_IN_USER_NAMESPACE && process.env['SUDO_USER'] !== undefined ? 'sudo ' : '';

/** Those that bin/lab makes: without root it is forbidden to enter one's own ones again, which `--all` would do. */
const NAMESPACES = IS_IN_USER_NAMESPACE ? '--preserve-credentials -U -m -p -n -i' : '--all';

/** Says how to enter the lab and how to end it, and shows the log from now on. `labPid` is as the host sees it. */
export async function keepRunning({ gateway, host, journal }: Stage, router: Router, labPid: string): Promise<void> {
  const enter = `${SUDO}nsenter --target ${labPid} ${NAMESPACES}`;
  await showHeading('The demo keeps running');
  say('To look at it, from another terminal:');
  showHint(`${enter} ip netns exec ${host.name} wg show ${gateway.wireguard()}`);
  showHint(`${enter} ip netns exec ${host.name} bridge fdb show dev ${gateway.vxlan()}`);
  showHint(`${enter} ip netns exec ${router.host.name} ping ${GATEWAY_MESH_ADDRESS}`);
  showHint(`${enter} ip netns exec ${host.name} bash`);
  say('To remove it, press Ctrl-C here, or:');
  showHint(`${SUDO}kill ${labPid}`);
  say('The log of the service from now on:');
  journal.follow();
}
