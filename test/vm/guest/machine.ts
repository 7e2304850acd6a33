import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { execa } from 'execa';

export const CONFIG = '/etc/wgkex/wgkex.toml';
export const DOMAIN = '\n[domains.ffww01]\nwireguard = "wgww01"\nvxlan = "vxww01"\n';

/** Runs a command as a sysadmin types it in the machine. */
export async function sh(script: string): Promise<string> {
  return (await execa('bash', ['-c', `set -euo pipefail\n${script}`])).stdout;
}

/** The same for a command that may fail. */
export async function attempt(script: string): Promise<{ exitCode: number | undefined; output: string }> {
  const { exitCode, all } = await execa('bash', ['-c', script], { reject: false, all: true });
  return { exitCode, output: all };
}

/** An emulated processor needs its time: Node alone some seconds to start. */
const PATIENCE_SECONDS = 240;

export async function eventually(
  what: string,
  condition: () => Promise<boolean>,
  patienceSeconds = PATIENCE_SECONDS,
): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    const waited = performance.now() - start;
    if (waited > patienceSeconds * 1000) throw new Error(`It did not come to be within ${patienceSeconds} s: ${what}`);
    // Asking takes the only processor away from the awaited program.
    await new Promise((resolve) => setTimeout(resolve, Math.min(300 + waited / 4, 1500)));
  }
}

/** Acts like a time server's client: adjtimex(2), with ADJ_STATUS and ADJ_MAXERROR. */
export async function setClockSynchronised(isSynchronised: boolean): Promise<void> {
  const [status, maxError] = isSynchronised ? [0, 1000] : [0x40, 16_000_000];
  const words = `pack("L x4 q q q q l x172", 0x14, 0, 0, ${maxError}, 0, ${status})`;
  await sh(`perl -e 'my $timex = ${words}; syscall(159, $timex) >= 0 or die $!'`);
}

/** A router's exchange; rejects where the connection is refused or reset. */
export function exchange(domain = 'ffww01', key = makeKey()): Promise<string> {
  return new Promise((resolve, reject) => {
    let reply = '';
    const socket = connect(10012, '::1', () => socket.write(`${domain}\n${key}\n`));
    socket.on('data', (chunk) => {
      reply += chunk;
    });
    socket.on('end', () => resolve(reply));
    socket.on('error', reject);
  });
}

export function makeKey(): string {
  return randomBytes(32).toString('base64');
}

/** After this, everything that was logged before is in the journal. */
export async function syncJournal(): Promise<void> {
  await execa('journalctl', ['--sync']);
}

export async function journal(...options: string[]): Promise<string> {
  await syncJournal();
  return (await execa('journalctl', ['--no-pager', '--output=cat', '--unit=wgkex', ...options])).stdout;
}

/** The process that systemd started, or 0. */
export async function mainPid(): Promise<number> {
  return Number(await sh('systemctl show --property=MainPID --value wgkex'));
}

export async function findPids(pattern: string): Promise<number[]> {
  const { stdout } = await execa('pgrep', ['--full', pattern], { reject: false });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** A line of /proc/PID/status, without its name. */
export async function readStatus(pid: number, field: string): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return status.match(new RegExp(`^${field}:\\s*(.*)$`, 'm'))?.[1] ?? '';
}

/** Peers, entries and whether the service is there: an exchange works. */
export async function isServing(): Promise<boolean> {
  return (await exchange().catch(() => '')) === 'OK\n';
}

export async function readRouterKey(): Promise<string> {
  return (await readFile('/root/router.pub', 'utf8')).trim();
}

/** Whether the router's key is admitted. */
export async function hasRouter(): Promise<boolean> {
  return (await sh('wg show wgww01 peers')).includes(await readRouterKey());
}

/** From the router through the tunnel, the VXLAN and batman-adv to the gateway. */
export const PING = 'ip netns exec router ping -c 2 -i 0.2 -W 5 10.99.0.1';

/** So that tests wait less: a quarter of batman-adv's own interval, and a first ping without a delay (docs/notes/kernel.md). */
const MESH_SETTINGS = ['orig_interval 250', 'bridge_loop_avoidance 0'];

/** A router in a namespace of the machine, as docs/derived-address.md has it, with the key in /root/router.key. */
export const ROUTER_UP = `
set -- $(md5sum </root/router.pub | sed 's/../& /g')
mac=02:$1:$2:$3:$4:$5 address=fe80::$1:$2ff:fe$3:$4$5
ip netns add router
ip link add uplink type veth peer name uplink netns router
ip address add 192.0.2.1/24 dev uplink; ip link set uplink up
ip -n router address add 192.0.2.2/24 dev uplink; ip -n router link set uplink up; ip -n router link set lo up
ip -n router link add wg-mesh type wireguard
ip netns exec router wg set wg-mesh private-key /root/router.key peer "$(wg show wgww01 public-key)" \\
  endpoint 192.0.2.1:51820 allowed-ips fe80::1/128 persistent-keepalive 25
ip -n router address add "$address/64" dev wg-mesh; ip -n router link set wg-mesh mtu 1420 up
ip -n router link add vx-mesh address "$mac" type vxlan id 4242 dstport 4789 local "$address" remote fe80::1 dev wg-mesh
ip -n router link set vx-mesh up
ip netns exec router batctl meshif bat0 interface add vx-mesh
${MESH_SETTINGS.map((setting) => `ip netns exec router batctl meshif bat0 ${setting}`).join('\n')}
ip -n router link set bat0 up; ip -n router address add 10.99.0.2/24 dev bat0
`;

/** For wg-quick: both interfaces, as docs/install.md has them. */
export const WG_QUICK = `[Interface]
ListenPort = 51820
Address = fe80::1/64
PostUp = wg set %i private-key /etc/wireguard/wgww01.key
PostUp = ip link add vxww01 type vxlan id 4242 dstport 4789 local fe80::1 dev %i
PostUp = ip link set vxww01 up
PostUp = batctl meshif bat0 interface add vxww01
${MESH_SETTINGS.map((setting) => `PostUp = batctl meshif bat0 ${setting}`).join('\n')}
PostUp = ip link set bat0 up
PostUp = ip address replace 10.99.0.1/24 dev bat0
PreDown = ip link delete vxww01
`;
