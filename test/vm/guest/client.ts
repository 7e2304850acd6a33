import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { test } from 'node:test';
import { awaitReport, OTHER_MACHINE_SECONDS, report } from './fleet.ts';
import { HERE, type Machine, readTicket, THERE, TICKET } from './fleet-plan.ts';
import { attempt, CONFIG, eventually, findPids, readStatus, setClockSynchronised, sh } from './machine.ts';

/** Each machine is a gateway for members, and a member of the other one's network. */
const NAME = 'there';
const JOIN = `wgkex-join ${NAME} --gateway ${THERE.address} --domain members --token-file -`;
const EVERYTHING = 'allowed_ips = ["0.0.0.0/0", "::/0"]';
/**
 * Of networks for documentation (RFC 5737, RFC 3849), which only the default route leads to. The other machine calls
 * other addresses: as its gateway, this one forwards its packets and refuses its DNS queries.
 */
const [FAR4, FAR6] = [`198.51.100.${HERE.number}`, `2001:db8:9::${HERE.number}`];
const LEAKS = `host ${FAR4} or host ${FAR6} or dst port 53`;
const SLEPT_SECONDS = 20;

/** Both machines must be in the fleet. Ends when the other one is a member, too. */
export function testClientJoins(): void {
  test('a member on one machine joins the gateway on the other by one command', async () => {
    await serveMembers();
    await sh('dpkg --install /payload/wgkex-client.deb');
    let ticket = '';
    await eventually(
      'the other operator sends a ticket',
      async () => {
        ticket = (await readTicket()) ?? '';
        return ticket !== '';
      },
      OTHER_MACHINE_SECONDS,
    );
    const { exitCode, output } = await attempt(`${JOIN} <<<'${ticket}'`);
    assert.equal(exitCode, 0, output);
    assert.match(output, new RegExp(`10\\.66\\.${THERE.number}\\.2`));
    for (const address of listInside(THERE)) assert.ok(await isReached(address), address);
    const { output: status } = await attempt(`wgkex-join status ${NAME}`);
    assert.match(status, /10\.77\.0\.\d/, status);
    await report('joined');
    await awaitReport('joined');
  });

  test('wgkex-join has no privilege and no secret, and wgkex-tunnel what it needs', async () => {
    const [daemon = 0] = await findPids(`^/usr/bin/node .*/usr/bin/wgkex-join run ${NAME}`);
    assert.equal(await sh(`ps -o user= -p ${daemon}`), 'wgkex-client');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
      assert.match(await readStatus(daemon, set), /^0+$/, set);
    const [helper = 0] = await findPids('^/usr/bin/node .*/usr/lib/wgkex-client/wgkex-tunnel');
    assert.equal(await sh(`ps -o user= -p ${helper}`), 'root');
    const asClient = 'setpriv --reuid=wgkex-client --regid=wgkex-client --clear-groups';
    for (const words of [
      'sudo -n id',
      'sudo -n /usr/lib/wgkex-client/wgkex-tunnel --version',
      `cat /var/lib/wgkex-client/${NAME}/private-key`,
      `ls /var/lib/wgkex-client/${NAME}`,
    ])
      assert.notEqual((await attempt(`${asClient} ${words} </dev/null`)).exitCode, 0, words);
    assert.equal(
      await sh('cd /usr/lib/systemd/system; systemd-analyze verify wgkex-join@.service wgkex-socks@.service 2>&1'),
      '',
    );
  });
}

/** After this machine, or the other one, was rebooted. */
export function testClientIsBack(what: string): void {
  test(what, async () => {
    for (const address of listInside(THERE))
      await eventually(`the gateway answers at ${address}`, () => isReached(address), OTHER_MACHINE_SECONDS);
  });
}

/** The gateway on the other machine must stay awake meanwhile. */
export function testClientSleeps(): void {
  test('a member that was suspended to memory has its tunnel again when it wakes up', async () => {
    const since = await sh('date +%s');
    const slept = await readSleep();
    await sh(`rtcwake --mode mem --seconds ${SLEPT_SECONDS}`);
    assert.ok((await readSleep()) - slept >= SLEPT_SECONDS - 2);
    for (const address of listInside(THERE))
      await eventually(`the gateway answers at ${address}`, () => isReached(address), OTHER_MACHINE_SECONDS);
    const lines = await sh(`journalctl --quiet --no-pager --output=cat --unit=wgkex-join@${NAME} --since=@${since}`);
    assert.equal(lines, '');
  });
}

/** Seconds that this machine has slept since it was booted: what CLOCK_BOOTTIME counts and CLOCK_MONOTONIC does not. */
async function readSleep(): Promise<number> {
  const [boot = ''] = (await sh('cat /proc/uptime')).split(' ');
  return Number(boot) - process.hrtime()[0];
}

/** Both machines must be up. */
export function testClientEnds(): void {
  test('with all traffic in the tunnel, no packet and no DNS query is outside, also while it is dead; then all is as before', async () => {
    await sh(`sed -i 's|^allowed_ips = .*|${EVERYTHING}|' ${CONFIG}; systemctl reload wgkex`);
    await report('open');
    await awaitReport('open');
    await sh(`nic=$(ls /sys/class/net | grep ^en); ip route add default via ${THERE.address}
ip -6 address add fd77::${HERE.number}/64 dev $nic nodad; ip -6 route add default via fd77::${THERE.number}
systemctl enable --now systemd-resolved; resolvectl dns $nic ${THERE.address}`);
    const before = await describeMachine();
    assert.notEqual(await capture(callOut), '', 'without the tunnel the capture shows them');

    const { exitCode, output } = await attempt(`wgkex-join ${NAME} --all-traffic`);
    assert.equal(exitCode, 0, output);
    const sent = await readSent();
    assert.equal(await capture(callOut), '', 'while the tunnel is up');
    assert.ok((await readSent()) > sent, 'they are in the tunnel');
    await sh(`nft add table inet cut; nft 'add chain inet cut out { type filter hook output priority 0; }'
nft add rule inet cut out udp dport 51822 drop`);
    assert.equal(await capture(callOut), '', 'while the tunnel is dead');
    await sh('nft delete table inet cut');
    await sh(`wgkex-join down ${NAME}`);
    assert.notEqual(await capture(callOut), '', 'the way back');
    assert.equal(await describeMachine(), before);
    await report('captured');
    await awaitReport('captured');
  });

  test('a lease that is over ends the tunnel, and the member reads why', async () => {
    await setClockSynchronised(true);
    await sh(`sqlite3 /var/lib/wgkex/leases.db "UPDATE leases SET expires = strftime('%s', 'now') - 10"
sed -i '1i [cleanup]\\nsecond_look_seconds = 1' ${CONFIG}
systemctl start wgkex-cleanup@members; sleep 2; systemctl start wgkex-cleanup@members`);
    assert.equal(await sh('wg show wg-members peers'), '');
    await report('over');
    await awaitReport('over');
    const { exitCode, output } = await attempt(`wgkex-join up ${NAME}`);
    assert.notEqual(exitCode, 0);
    assert.match(`${output}\n${(await attempt(`wgkex-join status ${NAME}`)).output}`, /EXPIRED|is over|ended/);
  });

  test('leaving and purging leave nothing', async () => {
    await sh(`wgkex-join leave ${NAME}`);
    assert.equal((await attempt(`ls /etc/wgkex-client/${NAME}.toml /var/lib/wgkex-client/${NAME}`)).exitCode, 2);
    assert.doesNotMatch(await sh('ip link; ip rule; ip -6 rule; ip route show table all'), /wg-there|30567|30568/);
    await sh('dpkg --purge wgkex-client');
    const name = "-name '*wgkex-client*' -o -name '*wgkex-join*' -o -name '*wgkex-tunnel*' -o -name '*wgkex-socks*'";
    assert.equal(await sh(`find / -xdev \\( ${name} \\) ! -path '/proc/*' ! -path '/var/log/*'`), '');
    assert.equal(await sh("systemctl list-units --all --plain --no-legend 'wgkex-join*' 'wgkex-socks*'"), '');
    await report('left');
    await awaitReport('left');
  });
}

/** A domain for members alongside the mesh, with the interface of docs/members.md, and a lease for the other machine. */
async function serveMembers(): Promise<void> {
  const { number, address } = HERE;
  await sh(`sed -i 's/10\\.66\\.0\\.1/10.66.${number}.1/; s/fd66::1/fd66:${number}::1/' /etc/wireguard/wg-members.conf
systemctl restart wg-quick@wg-members`);
  await appendFile(
    CONFIG,
    `
[domains.members]
wireguard = "wg-members"
pool = ["10.66.${number}.0/24", "fd66:${number}::/112"]
endpoint = "${address}:51822"
dns = ["10.66.${number}.1"]
allowed_ips = ["10.66.${number}.0/24", "fd66:${number}::/112"]
`,
  );
  await sh('systemctl enable --now wgkex-cleanup@members.timer; systemctl reload wgkex');
  await sh(`wgkex lease grant members --days 30 --note there >${TICKET}`);
}

/** The gateway's own addresses in the tunnel. */
function listInside({ number }: Machine): string[] {
  return [`10.66.${number}.1`, `fd66:${number}::1`];
}

async function isReached(address: string): Promise<boolean> {
  return (await attempt(`ping -c 2 -i 0.2 -W 5 ${address}`)).exitCode === 0;
}

/** The packets that this machine sends beyond its network meanwhile, as they are on the wire: a line for each. */
async function capture(action: () => Promise<void>): Promise<string> {
  await sh(`rm -f /run/leaks /run/leaks.log
systemd-run --quiet --unit=leaks bash -c 'exec tcpdump -Q out -i "$(ls /sys/class/net | grep ^en)" -n -U -w /run/leaks "${LEAKS}" 2>/run/leaks.log'`);
  await eventually(
    'the capture begins',
    async () => (await attempt('grep "listening on" /run/leaks.log')).exitCode === 0,
  );
  await action();
  await sh('sleep 2; systemctl stop leaks');
  return sh('tcpdump -n -r /run/leaks 2>/dev/null');
}

/** Packets and queries that somebody on this machine sends. */
async function callOut(): Promise<void> {
  await attempt(`ping -c 2 -W 2 ${FAR4} & ping -c 2 -W 2 ${FAR6} &
timeout 10 getent ahosts "wgkex-$RANDOM.example" & timeout 10 resolvectl query "wgkex-$RANDOM.example" & wait`);
}

async function readSent(): Promise<number> {
  return Number((await sh(`wg show wg-${NAME} transfer`)).split('\t')[2]);
}

/** What a tunnel for all traffic changes and must put back. */
function describeMachine(): Promise<string> {
  return sh(`(ip rule; ip -6 rule; ip route; ip -6 route; resolvectl dns; resolvectl domain) | grep -v wg-${NAME}
cat /etc/resolv.conf; sysctl net.ipv4.conf.all.src_valid_mark`);
}
