import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { exchange } from '../../lab/client.ts';
import { attempt, eventually, pause, startIn } from '../../lab/commands.ts';
import { curse, liftCurses } from '../../lab/fakes.ts';
import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { look, lookUp, makeKeyPair } from '../../lab/operator.ts';
import { CONCERN_CODES } from '../../src/cli/gateway/concern-codes.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const NUMBER = 41;
const WIREGUARD = `wg${NUMBER}ffww01`;
const VXLAN = `vx${NUMBER}ffww01`;
const ROUTER = makeKeyPair('a router to check').publicKey;
const ENTRY = deriveLinkAddress(parsePublicKey(ROUTER), 'eui64');
const NO_SYSTEMD = ['units', 'clock'];
/** Without another user, there is no sudo. */
const skip = IS_ROOT_ALONE;

const STATE = `/var/lib/wgkex/gw${NUMBER}`;
const ACTIVITY = `${STATE}/ffww01.activity.json`;
const CONFIG = '/etc/wgkex/wgkex.toml';
const REINSTALL = /^apt-get install --reinstall -o DPkg::Options::=--force-confmiss \.\/wgkex_[\d.]+_all\.deb$/;
const REMAKE = `systemctl restart wg-quick@${WIREGUARD}`;
const RESTART = 'systemctl restart wgkex.socket wgkex.service';
const REMAKE_VXLAN = `ip link add ${VXLAN} mtu 1280 type vxlan id 4242 dstport 4789 local fe80::1 dev ${WIREGUARD}
ip link set ${VXLAN} up
/usr/lib/wgkex/wgkex-cleanup ffww01`;
/**
 * Private copies of directories that all gateways of the lab share, for one run of the command. Files of other tests in
 * /etc may vanish during the copy, which does no harm.
 */
const OWN_LIBRARY = `cp -r /usr/lib/wgkex /run/library${NUMBER} && mount --bind /run/library${NUMBER} /usr/lib/wgkex`;
const OWN_ETC = `{ cp -a /etc /run/etc${NUMBER} || true; } && mount --bind /run/etc${NUMBER} /etc`;
const CLEAR = `rm -rf /run/library${NUMBER} /run/etc${NUMBER}`;

interface Found {
  readonly check: string;
  readonly domain: string | null;
  readonly problem: string;
  readonly remedy: string | null;
}

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(NUMBER);
  await gateway.start();
  assert.equal(await exchange(gateway.address, 'ffww01', ROUTER), 'OK\n');
  await gateway.run('install', '-d', STATE);
});
after(() => gateway.close());

describe('a sound gateway', () => {
  test('has no problems, and skips the checks that need systemd', async () => {
    const { exitCode, stderr, document } = await lookUp(gateway, ['check']);
    assert.deepEqual([exitCode, stderr, document.sound], [0, '', true], JSON.stringify(document));
    const names = document.checks.map(({ check }: Found) => check);
    assert.deepEqual(names, [
      ...[
        'configuration',
        'programs',
        'permissions',
        'user',
        'sudo',
        'units',
        'port',
        'interfaces',
        'peers',
        'ownership',
        'clock',
      ],
    ]);
    for (const { check, state, reason } of document.checks) {
      const isLeftOut = NO_SYSTEMD.includes(check) || (skip && check === 'sudo');
      assert.equal(state, isLeftOut ? 'not checked' : 'ok', check);
      if (NO_SYSTEMD.includes(check)) assert.equal(reason, 'systemd is not running');
    }
  });

  test('gets one line for each part', { skip }, async () => {
    const { exitCode, stdout } = await look(gateway, ['check']);
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.split('\n'), [
      'configuration  ok',
      'programs       ok',
      'permissions    ok',
      'user           ok',
      'sudo           ok',
      'units          not checked: systemd is not running',
      'port           ok',
      'interfaces     ok',
      'peers          ok',
      'ownership      ok',
      'clock          not checked: systemd is not running',
      '',
      'No problems found in the parts that were checked.',
    ]);
  });

  test('stays as it was: the check leaves no traffic in its log, on its page or in its metrics', async () => {
    await gateway.listener?.stop();
    await gateway.configure({ metrics: { listen: '127.0.0.1:9586' } });
    await gateway.start();
    const readMetrics = async () => {
      const get = 'fetch("http://127.0.0.1:9586/metrics").then((reply) => reply.text()).then(console.log)';
      const lines = (await gateway.run('node', '-e', get)).split('\n');
      return lines.filter((line) => /^wgkex_(exchanges_total|exchange_duration|handler_batch)/.test(line));
    };
    const readCounts = async () => [await gateway.snapshot(), await readFile(ACTIVITY, 'utf8'), await readMetrics()];
    const [before, printed] = [await readCounts(), gateway.listener?.stderr];
    const { document } = await lookUp(gateway, ['check']);
    assert.equal(document.sound, true, JSON.stringify(document));
    // The handler writes its counts to disk when it ends, at the latest.
    const metrics = await readMetrics();
    assert.equal(gateway.listener?.stderr, printed);
    await gateway.listener?.stop();
    assert.deepEqual([await gateway.snapshot(), await readFile(ACTIVITY, 'utf8'), metrics], before);
    await gateway.configure();
    await gateway.start();
  });

  test('is sound even if sudo is slow to list its rights', { skip }, async () => {
    const [first] = await breakAndMend(`cp -p /usr/bin/sudo /run/sudo.real
printf '#!/bin/sh\\nsleep 6\\nexec /run/sudo.real "$@"\\n' >/run/sudo.slow; chmod +x /run/sudo.slow
mount --bind /run/sudo.slow /usr/bin/sudo`);
    assert.deepEqual(first, []);
  });

  test('shows a user without root which parts were not checked', { skip }, async () => {
    const { exitCode, stdout, stderr } = await attempt(gateway.namespace, 'env', [
      ...AS_WGKEX,
      'wgkex',
      'check',
      '--json',
    ]);
    const document = JSON.parse(stdout);
    assert.deepEqual([exitCode, stderr, document.sound], [0, '', true], stdout);
    const open = document.checks.filter(({ reason }: { reason: string }) => reason === 'run it as root');
    assert.deepEqual(
      open.map(({ check }: Found) => check),
      ['sudo', 'peers', 'ownership'],
    );
  });
});

describe('wgkex check on a broken gateway', () => {
  test('reports only the configuration if other users could write it', async () => {
    const [first, second] = await breakAndMend(`chmod o+w ${CONFIG}`, `chmod go-w ${CONFIG}`);
    assert.deepEqual(first, [
      gatewayFault('configuration', `users other than root may write to ${CONFIG}`, `chmod go-w ${CONFIG}`),
    ]);
    assert.deepEqual(second, []);
  });

  test('reports a configuration that belongs to another user', { skip }, async () => {
    const uid = (await gateway.run('id', '-u', 'wgkex')).trim();
    const [first, second] = await breakAndMend(`chown wgkex ${CONFIG}`, `chown root ${CONFIG}`);
    assert.deepEqual(first, [
      gatewayFault('configuration', `${CONFIG} belongs to user ${uid}, expected root`, `chown root ${CONFIG}`),
    ]);
    assert.deepEqual(second, []);
  });

  test('reports wrong permissions, and the remedies fix them', async () => {
    const handler = '/usr/lib/wgkex/wgkex-handler';
    const cleanup = '/usr/lib/wgkex/wgkex-cleanup';
    const expected = [
      ...(skip ? [] : [`user wgkex may not read ${CONFIG}`, `chmod o+r ${CONFIG}`]),
      ...(skip ? [] : ['user wgkex may not enter /etc/wgkex', 'chmod o+x /etc/wgkex']),
      ...[`users other than root may write to ${STATE}`, `chmod go-w ${STATE}`],
      ...[`users other than root may write to ${handler}`, `chmod go-w ${handler}`],
      ...[`${cleanup} is not executable by everyone`, `chmod a+rx ${cleanup}`],
      ...(skip ? [] : ['/etc/sudoers.d/wgkex has mode 0644, expected 0440', 'chmod 0440 /etc/sudoers.d/wgkex']),
    ];
    const sorted = pairUp(expected).map(([problem, remedy]) => gatewayFault('permissions', problem, remedy));
    const breaks = `${OWN_LIBRARY} && ${OWN_ETC}
chmod o-r ${CONFIG}; chmod o-x /etc/wgkex; chmod 0777 ${STATE}; chmod g+w ${handler}; chmod a-x ${cleanup}
chmod 0644 /etc/sudoers.d/wgkex`;
    const [first, second] = await breakAndMend(breaks, sorted.map(({ remedy }) => remedy).join('\n'));
    assert.deepEqual(sortFound(first), sortFound(sorted));
    assert.deepEqual(second, []);
  });

  test('reports missing parts: directory, executable, rule, program, user', { skip }, async () => {
    const breaks = `${OWN_LIBRARY} && ${OWN_ETC}
mv ${STATE} ${STATE}.away; rm /usr/lib/wgkex/wgkex-cleanup /etc/sudoers.d/wgkex
touch /run/nothing; mount --bind /run/nothing /usr/bin/flock`;
    const mends = `install -d -m 0755 ${STATE}; rmdir ${STATE}.away
umount /usr/bin/flock; umount /usr/lib/wgkex
sed -i /^wgkex:/d /etc/passwd /etc/shadow`;
    const [first, second, third] = await breakAndMend(breaks, mends, 'systemd-sysusers wgkex.conf');
    const found = first.map(({ check, problem, remedy }) => [check, problem, remedy?.replace(REINSTALL, 'REINSTALL')]);
    const renew = first.find(({ check }) => check === 'sudo')?.remedy;
    assert.deepEqual(found, [
      ['programs', 'there is no /usr/bin/flock', 'apt-get install --reinstall util-linux'],
      ['permissions', `directory ${STATE} does not exist`, `install -d -m 0755 ${STATE}`],
      ['permissions', '/usr/lib/wgkex/wgkex-cleanup does not exist', 'REINSTALL'],
      ['permissions', '/etc/sudoers.d/wgkex does not exist', 'REINSTALL'],
      ['sudo', 'sudo does not let user wgkex run the handler', renew],
    ]);
    assert.deepEqual(
      second.map(({ problem }) => problem),
      ['/etc/sudoers.d/wgkex does not exist', 'there is no user wgkex'],
    );
    assert.deepEqual(second[1]?.remedy, 'systemd-sysusers wgkex.conf');
    assert.ok(!third?.some(({ check }) => check === 'user'), 'the user is there again');
  });

  test('reports another sudo rule', { skip }, async () => {
    const breaks = `${OWN_ETC}
sed -i 's/, !use_pty//; s/NOINTERCEPT: //' /etc/sudoers.d/wgkex; sed -i 's/, !pam_setcred//' /etc/sudoers.d/wgkex-sudo
echo 'wgkex ALL = (root) NOPASSWD: /bin/true' >/etc/sudoers.d/more`;
    const [first] = await breakAndMend(breaks);
    assert.deepEqual(
      first.map(({ check, problem }) => [check, problem]),
      [
        ['sudo', 'sudo also lets user wgkex run (root) NOPASSWD: /bin/true'],
        ['sudo', 'sudo runs the handler without !use_pty, NOINTERCEPT'],
        ['sudo', 'sudo runs the handler without !pam_setcred'],
      ],
    );
    assert.equal(first[0]?.remedy, 'grep -rw wgkex /etc/sudoers /etc/sudoers.d');
    assert.equal(first[2]?.remedy, '/usr/lib/wgkex/harden; systemctl try-restart wgkex.service');
  });

  test('reports step by step a tunnel that is down, and the remedies fix it', async () => {
    const [up, address] = [`ip link set ${WIREGUARD} up`, `ip address add fe80::1/64 dev ${WIREGUARD}`];
    const [first, second, third] = await breakAndMend(`ip link set ${WIREGUARD} down`, up, address);
    assert.deepEqual(first, [domainFault(`WireGuard interface ${WIREGUARD} is down`, up)]);
    const lost = domainFault(`${VXLAN} sends from fe80::1, which ${WIREGUARD} does not have`, address);
    assert.deepEqual(second.at(-1), lost, 'the kernel forgets the addresses of an interface that goes down');
    assert.deepEqual(third, []);
  });

  test('reports wrong settings of its tunnel, and the remedies fix them', async () => {
    const key = `/etc/wireguard/${WIREGUARD}.key`;
    const expected = [
      domainFault(`no route to fe80::/64 through ${WIREGUARD}`, `ip -6 route add fe80::/64 dev ${WIREGUARD}`),
      domainFault(`VXLAN interface ${VXLAN} is down`, `ip link set ${VXLAN} up`),
      domainFault(
        `${VXLAN} is on top of uplink, expected ${WIREGUARD}`,
        `ip link set ${VXLAN} type vxlan dev ${WIREGUARD}`,
      ),
      domainFault(`the MTU of ${VXLAN} is 1400, expected at most 1350`, `ip link set ${VXLAN} mtu 1350`),
    ];
    const breaks = `ip -6 route del fe80::/64 dev ${WIREGUARD}
ip link set ${VXLAN} type vxlan dev uplink
ip link set ${VXLAN} mtu 1400; ip link set ${VXLAN} down`;
    const [first, second] = await breakAndMend(breaks, expected.map(({ remedy }) => remedy).join('\n'));
    assert.deepEqual(first, expected);
    assert.deepEqual(second, []);
    const unlock = `mkdir -p /etc/wireguard && cp /run/${WIREGUARD}.key ${key}; wg set ${WIREGUARD} private-key /dev/null`;
    const [third, fourth] = await breakAndMend(unlock, `wg set ${WIREGUARD} private-key ${key}`);
    assert.deepEqual(third, [domainFault(`${WIREGUARD} has no private key`, `wg set ${WIREGUARD} private-key ${key}`)]);
    assert.deepEqual(fourth, []);
  });

  test('reports a VXLAN interface that is missing, of another kind or without an address', async () => {
    const remove = `ip link delete ${VXLAN}`;
    const bare = `${remove}; ip link add ${VXLAN} mtu 1280 type vxlan id 4242 dstport 4789 dev ${WIREGUARD}; ip link set ${VXLAN} up`;
    const steps = [`${remove}; ip link add ${VXLAN} type bridge`, bare, `${remove}; ${REMAKE_VXLAN}`];
    const [none, other, unaddressed, sound] = await breakAndMend(remove, ...steps);
    assert.deepEqual(none, [domainFault(`VXLAN interface ${VXLAN} does not exist`, REMAKE)]);
    assert.deepEqual(other, [domainFault(`${VXLAN} is not a VXLAN interface but a bridge`, REMAKE)]);
    assert.deepEqual(unaddressed?.[0], domainFault(`${VXLAN} has no local IPv6 address`, REMAKE));
    assert.deepEqual(sound, []);
  });

  test('reports a WireGuard interface that is missing or of another kind', async () => {
    const name = (device: string) => `sed -i 's/^wireguard = .*/wireguard = "${device}"/' ${CONFIG}`;
    const steps = [`ip tuntap add mode tun name tun${NUMBER}; ${name(`tun${NUMBER}`)}`, name(WIREGUARD)];
    const [none, other, sound] = await breakAndMend(name('nowhere'), ...steps);
    assert.deepEqual(none, [
      domainFault('WireGuard interface nowhere does not exist', 'systemctl restart wg-quick@nowhere'),
    ]);
    assert.deepEqual(other, [
      domainFault(`tun${NUMBER} is not a WireGuard interface but a tun`, `systemctl restart wg-quick@tun${NUMBER}`),
    ]);
    assert.deepEqual(sound, []);
  });

  const FORWARDING = [
    [['flood', 'unicast'], ' unless their VXLAN has the derived MAC address, which no known firmware uses'],
    [['flood'], ', as fdb lacks "unicast"'],
  ] as const;
  for (const [fdb, reason] of FORWARDING) {
    test(`reports a VXLAN that does not learn with fdb = ${fdb.join(' and ')}, and the remedy fixes it`, async () => {
      await gateway.reload({}, { fdb });
      const learn = `ip link set ${VXLAN} type vxlan learning`;
      const cleanUp = '/usr/lib/wgkex/wgkex-cleanup --repair ffww01';
      const [first, second] = await breakAndMend(`${cleanUp}; ip link set ${VXLAN} type vxlan nolearning`, learn);
      await gateway.reload();
      await breakAndMend(cleanUp);
      const problem = `${VXLAN} does not learn (nolearning): it sends every frame to all routers${reason}`;
      assert.deepEqual(first, [domainFault(problem, learn)]);
      assert.deepEqual(second, []);
    });
  }

  test('reports a WireGuard interface without IPv6, then the lost address, and the remedies fix it', async () => {
    const setting = `net/ipv6/conf/${WIREGUARD}/disable_ipv6`;
    const address = `ip address add fe80::1/64 dev ${WIREGUARD}`;
    const [first, second, third] = await breakAndMend(`sysctl -w ${setting}=1`, `sysctl -w ${setting}=0`, address);
    assert.deepEqual(first, [
      domainFault(`IPv6 is switched off on ${WIREGUARD} (disable_ipv6)`, `sysctl -w ${setting}=0`),
    ]);
    assert.deepEqual(
      second.at(-1),
      domainFault(`${VXLAN} sends from fe80::1, which ${WIREGUARD} does not have`, address),
    );
    assert.deepEqual(third, []);
  });

  test('reports a WireGuard interface with too small an MTU for IPv6, and the remedies fix it step by step', async () => {
    const [mtu, address] = [`ip link set ${WIREGUARD} mtu 1280`, `ip address add fe80::1/64 dev ${WIREGUARD}`];
    const small = `ip link set ${VXLAN} mtu 1210`;
    const breaks = `ip link set ${WIREGUARD} mtu 1279`;
    const [first, second, third] = await breakAndMend(breaks, mtu, `${address}; ${small}`);
    assert.deepEqual(first, [domainFault(`the MTU of ${WIREGUARD} is 1279, but IPv6 needs 1280`, mtu)]);
    assert.deepEqual(
      second.map(({ remedy }) => remedy).filter((remedy) => remedy === address || remedy === small),
      [address, small],
    );
    assert.deepEqual(third, []);
    await breakAndMend(`ip link set ${WIREGUARD} mtu 1420; ip link set ${VXLAN} mtu 1280`);
  });

  test('reports wrong forwarding entries and disallowed keys, and the remedies fix them', async () => {
    const [cleanUp, forget] = ['/usr/lib/wgkex/wgkex-cleanup --repair ffww01', 'rm /etc/wgkex/disallowed_keys'];
    // A running service would fix the entries itself.
    await gateway.listener?.stop();
    const findOfPeers = async (breaks: string) =>
      (await breakAndMend(breaks, cleanUp)).map((found) => found.filter(({ check }) => check === 'peers'));
    assert.deepEqual(
      await findOfPeers(`bridge fdb del ${ENTRY.mac} dev ${VXLAN} dst ${ENTRY.address} via ${WIREGUARD}`),
      [[domainFault('1 router lacks forwarding entries', cleanUp, 'peers')], []],
    );
    assert.deepEqual(await findOfPeers(`wg set ${WIREGUARD} peer '${ROUTER}' remove`), [
      [domainFault('2 forwarding entries lead to no router', cleanUp, 'peers')],
      [],
    ]);
    await gateway.start();
    const remove = `wgkex remove ffww01 ${ROUTER}`;
    const [blocked, sound] = await breakAndMend(
      `wgkex add ffww01 ${ROUTER} && echo '${ROUTER}' >/etc/wgkex/disallowed_keys`,
      remove,
      forget,
    );
    assert.deepEqual(blocked, [domainFault('a disallowed key is a peer', remove, 'peers')]);
    assert.deepEqual(sound, []);
  });
});

describe('wgkex check without a domain', () => {
  test('reports that, and still checks everything else', async () => {
    const { stdout } = await attempt(gateway.namespace, 'sh', ['-c', `${NO_DOMAIN} && wgkex check --json`]);
    const document = JSON.parse(stdout);
    assert.deepEqual(listFound(document), [
      { check: 'configuration', domain: null, problem: `no domain is configured in ${CONFIG}`, remedy: null },
    ]);
    assert.deepEqual(document.checks.filter(({ state }: { state: string }) => state === 'ok').length, skip ? 7 : 8);
  });

  test('also reports other problems', async () => {
    const script = `${NO_DOMAIN} && ${OWN_LIBRARY} && rm /usr/lib/wgkex/wgkex-cleanup && wgkex check --json; ${CLEAR}`;
    const { stdout } = await attempt(gateway.namespace, 'sh', ['-c', script]);
    const found = listFound(JSON.parse(stdout)).map(({ check, problem }) => [check, problem]);
    assert.deepEqual(found.slice(1), [['permissions', '/usr/lib/wgkex/wgkex-cleanup does not exist']]);
  });
});

describe('a gateway with IPv6 only on its tunnels', () => {
  test('has no problems, and the check asks it over IPv4', async () => {
    const without = ['lo', 'uplink', VXLAN].map((name) => `sysctl -w net/ipv6/conf/${name}/disable_ipv6=1`);
    const [found] = await breakAndMend(without.join(' && '));
    assert.deepEqual(found, []);
    assert.equal((await attempt(gateway.namespace, 'wgkex', ['exchange', '::1', 'ffww01', ROUTER])).exitCode, 1);
    assert.equal((await attempt(gateway.namespace, 'wgkex', ['exchange', '127.0.0.1', 'ffww01', ROUTER])).exitCode, 0);
    await breakAndMend(without.join(' && ').replaceAll('=1', '=0'));
  });
});

describe('wgkex check reports a port', () => {
  test('of a service that does not know the domain yet', async () => {
    const rename = (from: string, to: string) => `sed -i 's/domains.${from}/domains.${to}/' ${CONFIG}`;
    const [first, second] = await breakAndMend(rename('ffww01', 'ffww02'), rename('ffww02', 'ffww01'));
    const problem = 'the running service does not know this domain';
    assert.deepEqual(first, [{ check: 'port', domain: 'ffww02', problem, remedy: 'systemctl reload wgkex.service' }]);
    assert.deepEqual(second, []);
  });

  test('of a service whose handler fails', async () => {
    await curse(gateway, '/usr/bin/wg', `show ${WIREGUARD}`, 'fail');
    // The handler uses a reading for up to a second.
    await pause(1100);
    const [first] = await breakAndMend('true');
    await liftCurses(gateway);
    const problem = 'the service answers "ERR: FAILED"';
    assert.deepEqual(first, [domainFault(problem, 'systemctl restart wgkex.service', 'port')]);
  });

  test('of a service whose handler hangs', async () => {
    await gateway.unlocked();
    const handlers = await gateway.findHandlers();
    for (const pid of handlers) process.kill(pid, 'SIGSTOP');
    const [first] = await breakAndMend('');
    // The listener runs as another user and could not end them.
    for (const pid of await gateway.findHandlers()) if (handlers.includes(pid)) process.kill(pid, 'SIGKILL');
    const problem = 'the service answers "ERR: FAILED"';
    assert.deepEqual(first, [domainFault(problem, 'systemctl restart wgkex.service', 'port')]);
  });

  test('of another program', async () => {
    const server = 'require("net").createServer((one) => one.end("SSH-2.0\\r\\n")).listen(10041, "127.0.0.1")';
    const other = startIn(gateway.namespace, 'node', '-e', server);
    await gateway.configure({ listen: ['127.0.0.1:10041'] });
    await eventually('it listens', async () => (await gateway.run('ss', '-Hltn')).includes(':10041'));
    const [first] = await breakAndMend('');
    await other.stop();
    await gateway.configure();
    const problem = 'the program on 127.0.0.1, port 10041, is not wgkex: it answers "SSH-2.0"';
    assert.deepEqual(first, [gatewayFault('port', problem, "ss -ltnp 'sport = :10041'")]);
  });

  test('that hangs or is closed', async () => {
    const expected = (how: string) =>
      ['::1', '127.0.0.1'].map((host) => gatewayFault('port', `Cannot ask ${host}, port 10012: ${how}`, RESTART));
    gateway.listener?.child.kill('SIGSTOP');
    const [hung] = await breakAndMend('');
    gateway.listener?.child.kill('SIGCONT');
    assert.deepEqual(hung, expected('timed out after 5 s'));
    await gateway.listener?.stop();
    assert.deepEqual((await breakAndMend(''))[0], expected('connection refused'));
  });
});

/** Hides the domains of the configuration for one run of the command. */
const NO_DOMAIN = `sed '/^.domains/,$d' ${CONFIG} >/run/nodomain${NUMBER} && mount --bind /run/nodomain${NUMBER} ${CONFIG}`;

/** Breaks something, checks, and checks again after each further step, all in one mount namespace. */
async function breakAndMend(breaks: string, ...steps: readonly string[]): Promise<[Found[], Found[], ...Found[][]]> {
  const looks = [breaks, ...steps];
  const script = looks.map((step) => `{ ${step === '' ? ':' : step}\n} >&2\nwgkex check --json\n`).join('');
  const { stdout, stderr } = await attempt(gateway.namespace, 'sh', ['-c', `${script}${CLEAR}`]);
  const documents = stdout.split('\n').map((line) => JSON.parse(line));
  assert.equal(documents.length, looks.length, stderr);
  return documents.map(listFound) as [Found[], Found[], ...Found[][]];
}

/** Without the codes, which are compared in the unit tests; each problem has one. */
function listFound({ checks }: { checks: { check: string; findings: (Omit<Found, 'check'> & { code: string })[] }[] }) {
  return checks.flatMap(({ check, findings }): Found[] =>
    findings.map(({ code, ...found }) => {
      assert.ok(
        CONCERN_CODES.some((known) => known === code),
        code,
      );
      return { check, ...found };
    }),
  );
}

function gatewayFault(check: string, problem: string, remedy: string): Found {
  return { check, domain: null, problem, remedy };
}

function domainFault(problem: string, remedy: string, check = 'interfaces'): Found {
  return { check, domain: 'ffww01', problem, remedy };
}

function pairUp(words: readonly string[]): [string, string][] {
  return words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : []));
}

function sortFound(found: readonly Found[]): Found[] {
  return [...found].sort((one, other) => one.problem.localeCompare(other.problem));
}
