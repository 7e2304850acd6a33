import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { version } from '../../../package.json';
import './guide.ts';
import './upgrades.ts';
import { during } from './crowd.ts';
import { testHttp } from './http.ts';
import {
  attempt,
  CONFIG,
  DOMAIN,
  eventually,
  exchange,
  findPids,
  hasRouter,
  isServing,
  journal,
  mainPid,
  makeKey,
  PING,
  ROUTER_UP,
  readRouterKey,
  readStatus,
  setClockSynchronised,
  sh,
  syncJournal,
  WG_QUICK,
} from './machine.ts';
import { testMembers } from './members.ts';
import { testMesh } from './mesh.ts';
import { testPage } from './page.ts';
import { testRelay } from './relay.ts';
import { isDebian12, ON_DEBIAN_12, ON_DEBIAN_13 } from './release.ts';

const STATIC_PEER = makeKey();

test('the package installs without a domain, starts nothing, fails nothing, and prints the next steps', async () => {
  // Debian 12 is upgraded later.
  const said = await sh(`dpkg --install /payload/${isDebian12 ? 'wgkex-old' : 'wgkex'}.deb`);
  assert.match(said, /no domain is configured yet.*systemctl enable --now wgkex.socket/s);
  assert.notEqual((await attempt('systemctl is-active wgkex.socket wgkex.service')).exitCode, 0);
  assert.equal(await sh("systemctl list-units --failed --plain --no-legend 'wgkex*'"), '');
  assert.equal(await sh('stat --format="%a %U:%G" /etc/sudoers.d/wgkex'), '440 root:root');
  assert.equal(
    await sh('cd /usr/lib/systemd/system; systemd-analyze verify $(ls -d wgkex* | grep -v "[.]d$") 2>&1'),
    '',
  );
});

test('a sysadmin makes the interfaces, configures a domain and enables the units: a router gets its OK', async () => {
  await writeFile('/etc/wireguard/wgww01.conf', WG_QUICK, { mode: 0o600 });
  await sh('wg genkey | install -m 600 /dev/stdin /etc/wireguard/wgww01.key');
  await sh('systemctl enable --now wg-quick@wgww01');
  await appendFile(CONFIG, DOMAIN);
  await sh('systemctl enable --now wgkex.socket wgkex-cleanup@ffww01.timer');
  await eventually('an exchange works', isServing);
});

test('the listener is user wgkex and has no capability', async () => {
  const pid = await mainPid();
  assert.equal(await sh(`ps -o user= -p ${pid}`), 'wgkex');
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) assert.match(await readStatus(pid, set), /^0+$/, set);
});

test('the handler is root, with four capabilities and no more', async () => {
  const [pid = 0] = await findPids('^/usr/bin/node .*/usr/lib/wgkex/wgkex-handler');
  assert.equal(await sh(`ps -o user= -p ${pid}`), 'root');
  for (const set of ['CapPrm', 'CapEff', 'CapBnd']) {
    const names = await sh(`capsh --decode=${await readStatus(pid, set)}`).catch(() => readStatus(pid, set));
    assert.match(names, /(^|=)(cap_setgid,cap_setuid,cap_net_admin,cap_audit_write|00000000200010c0)$/, set);
  }
});

test('systemd hardens the service as far as its version lets sudo work', async () => {
  const version = Number.parseInt((await sh('systemctl --version')).split(' ')[1] ?? '', 10);
  const settings = await sh(
    'systemctl show --property=ProtectClock,PrivateDevices,RestrictSUIDSGID,NoNewPrivileges wgkex',
  );
  assert.equal(settings.includes('ProtectClock=yes'), version >= 257, settings);
  assert.match(settings, /NoNewPrivileges=no/);
  const exposure = await sh('systemd-analyze security --no-pager wgkex.service | tail --lines=1');
  assert.match(exposure, version >= 257 ? / 2\.3 OK/ : / 6\.0 MEDIUM/, 'as docs/design/privsep.md quotes it');
});

test('listener and handler can write only to the directories of locks and marks, and their own /tmp', async () => {
  const mounts = (await readFile(`/proc/${await mainPid()}/mountinfo`, 'utf8')).trim().split('\n');
  const writable = mounts
    .map((line) => line.split(' '))
    .filter(([, , , , , options = '']) => options.split(',').includes('rw'));
  const places = writable
    .map(([, , , , place = '']) => place)
    .filter((place) => !/^\/(proc|sys|dev)(\/|$)/.test(place));
  assert.deepEqual(
    [...new Set(places)].sort(),
    ['/run/wgkex', '/tmp', '/var/lib/wgkex', '/var/tmp'],
    mounts.join('\n'),
  );
  const asWgkex = `nsenter --target ${await mainPid()} --mount setpriv --reuid=wgkex --regid=wgkex --clear-groups`;
  const found = await sh(`${asWgkex} find / -xdev -writable ! -type l 2>/dev/null || true`);
  assert.deepEqual(
    found
      .split('\n')
      .filter((path) => !/^\/(proc|sys|dev|tmp|var\/tmp)(\/|$)/.test(path))
      .filter(Boolean),
    [],
  );
});

for (const words of [
  'id',
  '-s',
  '/usr/lib/wgkex/wgkex-handler --version',
  '/usr/lib/wgkex/wgkex-cleanup ffww01',
  '-u daemon /usr/lib/wgkex/wgkex-handler',
]) {
  test(`sudo refuses wgkex: ${words}`, async () => {
    assert.notEqual(
      (await attempt(`setpriv --reuid=wgkex --regid=wgkex --clear-groups sudo -n ${words} </dev/null`)).exitCode,
      0,
    );
  });
}

test('a router gets its tunnel, and batman-adv on both sides sees its neighbour and pings through bat0', async () => {
  await sh('wg genkey >/root/router.key; wg pubkey </root/router.key >/root/router.pub');
  assert.equal(await exchange('ffww01', await readRouterKey()), 'OK\n');
  await sh(ROUTER_UP);
  await eventually(
    'the gateway has a handshake',
    async () => !/\t0$/m.test(await sh(`wg show wgww01 latest-handshakes | grep -F "$(cat /root/router.pub)"`)),
  );
  await eventually('batman-adv sees its neighbours', async () => {
    const sides = [
      await sh('batctl meshif bat0 neighbors -H'),
      await sh('ip netns exec router batctl meshif bat0 neighbors -H'),
    ];
    return sides.every((neighbours) => /[0-9a-f]{2}(:[0-9a-f]{2}){5}/.test(neighbours));
  });
  await eventually('a ping through bat0', async () => (await attempt(PING)).exitCode === 0);
  assert.equal((await attempt('ping -c 2 -i 0.2 -W 5 10.99.0.2')).exitCode, 0, 'and the other way');
});

testMesh();

test('the timer fires by itself, twice, and a dead key is gone while a static peer and a live router stay', async () => {
  const dead = makeKey();
  assert.equal(await exchange('ffww01', dead), 'OK\n');
  await sh(`wg set wgww01 peer ${STATIC_PEER} allowed-ips fe80::77/128,192.0.2.0/24`);
  await sh(`sed -i 's/^#second_look_seconds.*/second_look_seconds = 5/' ${CONFIG}`);
  await sh(`mkdir -p /etc/systemd/system/wgkex-cleanup@.timer.d
printf '[Timer]\\nOnBootSec=\\nOnUnitActiveSec=\\nOnActiveSec=1s\\nOnUnitActiveSec=6s\\nAccuracySec=1s\\n' >/etc/systemd/system/wgkex-cleanup@.timer.d/short.conf
systemctl daemon-reload; systemctl restart wgkex-cleanup@ffww01.timer`);
  await eventually('the dead key is gone', async () => !(await sh('wg show wgww01 peers')).includes(dead));
  const peers = await sh('wg show wgww01 peers');
  assert.ok(peers.includes(STATIC_PEER), 'the static peer');
  assert.ok(peers.includes(await readRouterKey()), 'the living router');
  await eventually('two passes came to their end', async () => {
    const passes = await sh('journalctl --no-pager --output=cat --unit=wgkex-cleanup@ffww01');
    return (passes.match(/^cleanup finished /gm)?.length ?? 0) >= 2;
  });
  await sh(`sed -i 's/^second_look_seconds.*/#second_look_seconds = 900/' ${CONFIG}
rm -r /etc/systemd/system/wgkex-cleanup@.timer.d; systemctl daemon-reload; systemctl restart wgkex-cleanup@ffww01.timer`);
});

test('a clock that jumps an hour either way costs a live router nothing', ON_DEBIAN_12, async () => {
  for (const jump of ['+1 hour', '-1 hour', '-1 hour', '+1 hour']) {
    await sh(`date --set '${jump}'; /usr/lib/wgkex/wgkex-cleanup ffww01`);
    assert.ok(await hasRouter(), jump);
  }
  await sh(PING);
});

test('the journal has lines for a person, with their priorities, and nothing as JSON', async () => {
  assert.equal(await exchange('nowhere'), 'ERR: INVALID_DOMAIN\n');
  const lines = await journal();
  assert.match(lines, /^admitted ffww01 fe80::\S+ key=\S+… from=::1 new$/m);
  assert.match(lines, /^refused from=::1 code=INVALID_DOMAIN /m);
  assert.doesNotMatch(lines, /^\{|<\d>/m);
  assert.equal(await journal('--priority=warning'), '', 'nothing was wrong so far');
});

test('the operator sees when the next cleanup comes, and that nothing needs attention', async () => {
  const { time, sound, domains } = JSON.parse(await sh('wgkex status --json'));
  const [{ domain, wireguard, vxlan, next_cleanup }] = domains;
  assert.deepEqual([sound, domain, wireguard.kind, vxlan.kind], [true, 'ffww01', 'wireguard', 'vxlan']);
  assert.ok(next_cleanup >= time && next_cleanup <= time + 900, `${next_cleanup - time} s from now`);
});

test(
  'the operator sees that no cleanup is scheduled and that nobody listens, and the fixes of wgkex check work',
  ON_DEBIAN_13,
  async () => {
    await sh('systemctl disable --now wgkex.socket wgkex.service; systemctl mask --now wgkex-cleanup@ffww01.timer');
    await setClockSynchronised(false);
    const { exitCode, output } = await attempt('wgkex status --json');
    const { attention, domains } = JSON.parse(output);
    assert.deepEqual([exitCode, domains[0].next_cleanup], [1, null]);
    assert.equal(attention[0].problem, 'neither wgkex.socket nor wgkex.service is active');
    assert.equal(domains[0].attention[0].problem, 'no cleanup is scheduled');
    assert.deepEqual(await mendWhatIsFound(), [
      'neither wgkex.socket nor wgkex.service is active',
      'wgkex-cleanup@ffww01.timer is masked',
      'Cannot ask ::1, port 10012: connection refused',
      'Cannot ask 127.0.0.1, port 10012: connection refused',
      'the clock is not synchronised',
    ]);
    // It answers within the 5 s of wgkex check, but an emulated processor takes longer to start it.
    await eventually('an exchange works', isServing);
    assert.deepEqual(await mendWhatIsFound(), ['no cleanup is scheduled']);
    assert.equal((await attempt('wgkex check')).exitCode, 0);
  },
);

test('wgkex check --fix enables the socket and the timer again', ON_DEBIAN_12, async () => {
  const units = 'wgkex.socket wgkex-cleanup@ffww01.timer';
  await sh(`systemctl disable --now ${units} wgkex.service`);
  assert.match((await attempt('wgkex check --fix </dev/null')).output, /^wgkex: nothing was changed: /m);
  assert.equal((await attempt(`systemctl is-enabled ${units}`)).output, 'disabled\ndisabled');
  const { fixes } = JSON.parse((await attempt('wgkex check --fix --yes --json')).output);
  const outcomes = fixes.map(({ outcome }: { outcome: string }) => outcome);
  assert.deepEqual(outcomes, ['done', 'done'], JSON.stringify(fixes));
  assert.equal(
    await sh(`systemctl is-enabled ${units}; systemctl is-active ${units}`),
    'enabled\nenabled\nactive\nactive',
  );
  await eventually('an exchange works', isServing);
});

test('the operator sees what happened to a key that is gone', async () => {
  const key = makeKey();
  assert.equal(await exchange('ffww01', key), 'OK\n');
  await sh(`wg set wgww01 peer ${key} remove`);
  await syncJournal();
  const { exitCode, output } = await attempt(`wgkex show --json ${key}`);
  assert.equal(exitCode, 1);
  assert.match(JSON.parse(output).journal[0].message, /^admitted ffww01 fe80::/);
});

test('a reload at any moment after a start neither ends the service nor is lost', ON_DEBIAN_13, async () => {
  for (const time of [0, 2]) {
    await sh(`systemctl restart wgkex; sleep ${time}; systemctl reload wgkex`);
    const pid = await mainPid();
    await eventually('it was reloaded', async () => /^reloaded on=/m.test(await journal(`_PID=${pid}`)));
    assert.deepEqual([await mainPid(), await sh('systemctl is-active wgkex')], [pid, 'active']);
  }
});

/** Settings that an operator may make for every user; the service cannot write the log file. */
const HARDENED = [
  'requiretty',
  'use_pty',
  'log_input',
  'log_output',
  'noexec',
  'umask=0777, umask_override',
  'logfile=/var/log/sudo.log',
];

test('sudo starts the handler without DNS and under hardened sudoers, and wgkex check finds nothing wrong', async () => {
  await sh(`cp /etc/hosts /root/hosts; echo 127.0.0.1 localhost >/etc/hosts
ip link add silent type bridge; ip address add 192.0.2.65/26 dev silent; ip link set silent up
ip neigh add 192.0.2.100 lladdr 02:00:00:00:00:53 dev silent nud permanent
mv /etc/resolv.conf /root/; echo nameserver 192.0.2.100 >/etc/resolv.conf
${HARDENED.map((words) => `echo 'Defaults ${words}' >>/etc/sudoers.d/aa; `).join('')}chmod 0440 /etc/sudoers.d/aa
systemctl restart wgkex`);
  await eventually('an exchange works', isServing);
  await expectNothingFrom('sudo');
  assert.doesNotMatch(await journal(`_PID=${await mainPid()}`), /unable to|handler ended/);
  await sh('rm /etc/sudoers.d/aa; mv /root/resolv.conf /etc; mv /root/hosts /etc/hosts; ip link delete silent');
});

test('sudo-rs starts the handler, whose log keeps its form, and wgkex check finds nothing wrong', async (context) => {
  if ((await attempt('command -v sudo-rs')).exitCode !== 0) return context.skip('Debian 12 has no sudo-rs');
  await sh(`cp ${CONFIG} /root/good.toml; sed -i 's/^#handler.*/handler = ["sudo-rs", "-n", "\\/usr\\/lib\\/wgkex\\/wgkex-handler"]/' ${CONFIG}
/usr/lib/wgkex/harden; systemctl restart wgkex`);
  await eventually('an exchange works', isServing);
  assert.match(await sh('ps -o args= -C sudo-rs'), /^sudo-rs -n /);
  await expectNothingFrom('sudo');
  const entries = await journal(
    '--output=json',
    `_SYSTEMD_INVOCATION_ID=${await sh('systemctl show --property=InvocationID --value wgkex')}`,
  );
  const admitted = entries
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ MESSAGE }) => MESSAGE.startsWith('admitted '));
  assert.ok(admitted.length > 0, entries);
  assert.deepEqual([...new Set(admitted.map(({ PRIORITY }) => PRIORITY))], ['6']);
  assert.doesNotMatch(entries, /sudoers/);
  await sh(`cp /root/good.toml ${CONFIG}; /usr/lib/wgkex/harden; systemctl restart wgkex`);
  await eventually('an exchange works', isServing);
});

test('the hardening follows an upgrade of systemd and of sudo', async () => {
  const drop_in = '/usr/lib/systemd/system/wgkex.service.d/hardening.conf';
  const version = Number.parseInt((await sh('systemctl --version')).split(' ')[1] ?? '', 10);
  // As it was before the upgrade.
  await sh(
    version >= 257
      ? `rm -r $(dirname ${drop_in})`
      : `mkdir $(dirname ${drop_in}); ln -s /usr/lib/wgkex/hardening.conf ${drop_in}`,
  );
  await sh(
    'rm /etc/sudoers.d/wgkex-sudo; dpkg-trigger --no-await /usr/lib/systemd/systemd; dpkg --configure --pending',
  );
  assert.equal((await attempt(`test -e ${drop_in}`)).exitCode === 0, version >= 257);
  await sh('visudo --check --strict; test -e /etc/sudoers.d/wgkex-sudo');
});

/** Asserts that wgkex check finds nothing wrong. */
async function expectNothingFrom(name: string): Promise<void> {
  const { checks } = JSON.parse((await attempt('wgkex check --json')).output);
  assert.deepEqual(
    checks
      .filter(({ check }: { check: string }) => check === name)
      .map(({ state, findings }: { state: string; findings: unknown }) => [state, findings]),
    [['ok', []]],
  );
}

test('a restart in the middle of 200 exchanges refuses and resets nobody', ON_DEBIAN_12, async () => {
  await during(200, () => sh('systemctl restart wgkex.service'));
});

test('a reload applies a good configuration, and keeps the old one if the new one is bad', ON_DEBIAN_13, async () => {
  await sh(
    `sed -i 's/^#line_bytes.*/line_bytes = 50/; s/^#\\(listen = "127.*\\)/\\1/' ${CONFIG}; systemctl reload wgkex`,
  );
  await eventually('the new limit counts', async () => (await exchange('x'.repeat(51))) === 'ERR: LINE_TOO_LONG\n');
  await eventually('metrics are there', async () => {
    const metrics = fetch('http://127.0.0.1:9586/metrics').then((response) => response.text());
    return (await metrics.catch(() => '')).includes('\nwgkex_domain_up{domain="ffww01"} 1\n');
  });
  await sh(`cp ${CONFIG} /root/good.toml; echo 'nonsense = 1' >>${CONFIG}; systemctl reload wgkex`);
  await eventually('it says why', async () =>
    /kept the old configuration.*nonsense: expected a known setting/.test(await journal()),
  );
  assert.equal(await exchange('x'.repeat(51)), 'ERR: LINE_TOO_LONG\n');
  await sh(`cp /root/good.toml ${CONFIG}; systemctl reload wgkex`);
  await eventually('an exchange works', isServing);
});

test(
  'a restart with a bad configuration logs the reason; a waiting router gets its OK once it is fixed',
  ON_DEBIAN_13,
  async () => {
    await sh(`cp ${CONFIG} /root/good.toml; echo 'nonsense = 1' >>${CONFIG}; systemctl restart wgkex`);
    const waiting = exchange();
    await eventually('it says why', async () =>
      /^wgkex-listen: .*nonsense: expected a known setting, found 1$/m.test(await journal()),
    );
    await sh(`cp /root/good.toml ${CONFIG}; systemctl restart wgkex`);
    assert.equal(await waiting, 'OK\n');
  },
);

for (const { victim, pattern, where } of [
  { victim: 'listener', pattern: '/usr/lib/wgkex/wgkex-listen$', where: ON_DEBIAN_12 },
  { victim: 'handler', pattern: '^/usr/bin/node .*/usr/lib/wgkex/wgkex-handler', where: ON_DEBIAN_13 },
])
  test(`the service comes back by itself after a kill of the ${victim}`, where, async () => {
    const pids = await findPids(pattern);
    assert.ok(pids.length > 0);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await eventually('an exchange works', isServing);
  });

test('an exchange without the VXLAN, which wg-quick took away, names it, and works once it is back', async () => {
  await sh('systemctl stop wg-quick@wgww01');
  assert.equal(await exchange(), 'ERR: FAILED\n');
  assert.match(await journal('--priority=err'), /WireGuard interface wgww01 does not exist/);
  const listener = await mainPid();
  await sh('systemctl start wg-quick@wgww01');
  assert.equal(await exchange(), 'OK\n');
  assert.equal(await mainPid(), listener, 'without a restart');
  await eventually('who was alive is back', hasRouter);
});

test('an upgrade keeps configuration and state, and refuses and resets nobody', ON_DEBIAN_12, async () => {
  // No other pass comes in between, however long it takes.
  await sh('systemctl stop wgkex-cleanup@ffww01.timer; systemctl start wgkex-cleanup@ffww01');
  const marks = await readMarks();
  let config = '';
  let said = '';
  await during(50, async () => {
    config = await readFile(CONFIG, 'utf8');
    said = await sh('dpkg --install /payload/wgkex.deb </dev/null');
  });
  assert.match(said, /your \/etc\/wgkex\/wgkex\.toml stays as it is\. New settings, .*: limits\.line_seconds $/m);
  assert.deepEqual(await readMarks(), marks);
  assert.equal(await readFile(CONFIG, 'utf8'), config);
  assert.equal(await sh('systemctl is-enabled wgkex.socket wgkex-cleanup@ffww01.timer'), 'enabled\nenabled');
  assert.equal(await sh('dpkg-query --show wgkex'), `wgkex\t${version}`);
  await sh('systemctl start wgkex-cleanup@ffww01.timer');
});

testHttp();
testPage();
testRelay();
testMembers();

test('all is ready for a reboot with a closed port', async () => {
  await sh(`mkdir -p /etc/systemd/system/wgkex.socket.d
printf '[Socket]\\nListenStream=\\nListenStream=[::1]:10013\\n' >/etc/systemd/system/wgkex.socket.d/closed.conf`);
  await eventually('the router is connected', async () => (await attempt(PING)).exitCode === 0);
});

/** Runs all fixes that `wgkex check` prints, and returns what was wrong. */
async function mendWhatIsFound(): Promise<string[]> {
  const { exitCode, output } = await attempt('wgkex check --json');
  assert.equal(exitCode, 1, output);
  const { checks }: { checks: { findings: { problem: string; remedy: string | null }[] }[] } = JSON.parse(output);
  const findings = checks.flatMap((check) => check.findings);
  for (const { problem, remedy } of findings) {
    assert.ok(remedy !== null, problem);
    // There is no network here to install anything from.
    if (remedy === 'apt-get install systemd-timesyncd') await setClockSynchronised(true);
    else await sh(remedy);
  }
  return findings.map(({ problem }) => problem);
}

async function readMarks(): Promise<unknown> {
  return JSON.parse(await readFile('/var/lib/wgkex/ffww01.json', 'utf8')).marks;
}
