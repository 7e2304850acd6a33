import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../lab/gateway.ts';
import { Host } from './host.ts';
import type { Journal } from './journal.ts';
import { confirm, say, showHeading } from './terminal.ts';

export const DOMAIN = 'ffww01';
/** Long enough for a handshake of the live router and a pass of the cleanup, whether or not the machine is busy. */
export const STALE_AFTER_SECONDS = 12;
export const SECOND_LOOK_SECONDS = 3;

const LISTENER = '/usr/lib/wgkex/wgkex-listen';
const SHOW_PROCESSES = "ps -eo user,pid,ppid,args | grep '/usr/lib/[w]gkex'";
const USERS = IS_ROOT_ALONE ? 'root root' : 'wgkex root';

/** The gateway of the demo: what the lab knows of it, where to type, and the log of its service. */
export interface Stage {
  readonly gateway: Gateway;
  readonly host: Host;
  readonly journal: Journal;
}

export async function setUpGateway(journal: Journal): Promise<Stage> {
  await showHeading('1. A gateway');
  const gateway = await Gateway.create(1, [{ name: DOMAIN }]);
  const cleanup = { stale_after_seconds: STALE_AFTER_SECONDS, second_look_seconds: SECOND_LOOK_SECONDS };
  await gateway.configure({ cleanup });
  const stage = { gateway, host: new Host(gateway.namespace), journal };
  await showInterfaces(stage);
  await startService(stage);
  return stage;
}

async function showInterfaces({ gateway, host }: Stage): Promise<void> {
  say(
    'Every machine of this demo is a network namespace; veth pairs join them to a bridge that stands for the ' +
      'internet. The prompt names the machine: gw1 is the gateway. It has the interfaces of one mesh domain, a ' +
      `WireGuard interface (${await describeWireguard(host, gateway.wireguard())}) and a VXLAN on top of it:`,
  );
  await host.type('ip -brief address');
  const vxlan = await host.type(`ip -details link show dev ${gateway.vxlan()} | grep -o 'vxlan id .* dstport [0-9]*'`);
  confirm('the VXLAN sits on the WireGuard interface', vxlan.includes(` dev ${gateway.wireguard()} `));
  const shown = await host.type(`wg show ${gateway.wireguard()}`);
  confirm('WireGuard listens, and has no peers', shown.includes('listening port') && !shown.includes('peer:'));
}

async function startService({ host, journal }: Stage): Promise<void> {
  say(
    'wgkex is installed where it belongs. Its configuration names the domain, and makes a key stale after seconds ' +
      'instead of an hour, so that the cleanup can be watched:',
  );
  await host.type('cat /etc/wgkex/wgkex.toml');
  say(
    `The service starts as ${IS_ROOT_ALONE ? 'root, because there is no other user' : 'wgkex.service would start it'}. ` +
      'Lines with a bar are its log, as journalctl would show them:',
  );
  await host.start([...AS_WGKEX, LISTENER].join(' '), journal);
  await journal.show('listening ', 'handler is ready');
  const processes = await host.type(SHOW_PROCESSES);
  const parts = IS_ROOT_ALONE
    ? 'a listener and a handler (no sudo, no user wgkex: this is a user namespace)'
    : 'the process that faces the internet is user wgkex; the one that sudo started for it is root';
  confirm(parts, listUsers(processes) === USERS);
}

function listUsers(processes: string): string {
  const users = processes.split('\n').map((line) => line.split(' ')[0]);
  return users.join(' ');
}

async function describeWireguard(host: Host, device: string): Promise<string> {
  const details = await host.run(`ip -details link show dev ${device}`);
  return /\bwireguard\b/.test(details) ? "the kernel's" : "wireguard-go's, because the kernel has none";
}
