import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, describe, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { Background, eventually, pause, sh, startIn } from '../../lab/commands.ts';
import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';

const NUMBER = 57;
const LOG = `/run/way-to-root${NUMBER}.log`;
const HARDEN = '/usr/lib/wgkex/harden; systemctl try-restart wgkex.service';
const SUDO_RS = 'node_modules/.cache/sudo-rs';
/** Giving up on a name server takes 20 s, and there are two. */
const NO_DNS_SECONDS = 15;
/** Options that an operator may set for everyone. sudo-rs knows two of them, with the same meaning as sudo. */
const HARDENINGS = [
  ...['requiretty', 'use_pty', 'log_input', 'log_output', 'log_stdin, log_stdout, log_stderr', 'noexec'],
  ...['umask=0777, umask_override', 'command_timeout=2', 'log_subcmds', 'intercept', 'log_exit_status', 'fqdn'],
  ...['pam_session, pam_setcred', 'runas_default=nobody', 'logfile=/nowhere/sudo.log'],
];
const OF_SUDO_RS = ['use_pty', 'noexec'];
const skip = IS_ROOT_ALONE && 'a user namespace has no other user that could need sudo';

interface Finding {
  readonly problem: string;
  readonly remedy: string | null;
}

let gateway: Gateway;
/** Runs during each check: the gateway's processes, in a mount namespace of their own. */
let listener: Background;

before(async () => {
  gateway = await Gateway.create(NUMBER);
  // Name servers that never answer: their frames go nowhere.
  for (const host of ['0.53', '0.54'])
    await gateway.run(
      'ip',
      'neigh',
      'add',
      gateway.segment.ipv4(host),
      ...'lladdr 02:00:00:00:00:53 dev uplink'.split(' '),
    );
});
afterEach(() => listener.stop());
after(() => gateway.close());

describe('sudo, without DNS,', { skip }, () => {
  for (const hardening of ['', ...HARDENINGS]) {
    test(`starts the handler and becomes it with Defaults ${hardening || 'as Debian has them'}`, async () => {
      await start([], hardening === '' ? [] : [hardening]);
      await expectService();
      assert.deepEqual(await findSudos(), []);
    });
  }
});

describe('wgkex check', { skip }, () => {
  const NAME =
    /^sudo takes \d+ s: it looks up "\S+", the name of this machine, which is not in \/etc\/hosts, and no name/;

  test('finds out why sudo is slow: no name server answers', async () => {
    await start([`sed -i s/!fqdn/fqdn/ /etc/sudoers.d/wgkex; sed -i 2d /etc/resolv.conf`], []);
    const [slow, unset, ...more] = await check();
    assert.match(slow?.problem ?? '', NAME);
    assert.match(slow?.remedy ?? '', /^echo '127\.0\.1\.1 \S+' >>\/etc\/hosts$/);
    assert.match(unset?.problem ?? '', /^sudo runs the handler without !fqdn$/);
    assert.deepEqual(more, []);
    await inside(slow?.remedy ?? '');
    assert.deepEqual(
      (await check()).map(({ problem }) => problem),
      [unset?.problem],
    );
  });

  const LATER = [
    ['log_output', 'a line in sudoers undoes !log_output for the handler'],
    ['use_pty', 'a line in sudoers undoes !use_pty for the handler'],
    ['requiretty', `sudo refuses user wgkex: sorry, you must have a tty to run sudo`],
  ] as const;
  for (const [word, problem] of LATER) {
    test(`names a later line with ${word} for all commands`, async () => {
      await start([`echo 'Defaults!ALL ${word}' >/etc/sudoers.d/zz; chmod 0440 /etc/sudoers.d/zz`], []);
      assert.deepEqual(
        (await check()).map((found) => found.problem),
        [problem],
      );
      await inside('rm /etc/sudoers.d/zz');
      assert.deepEqual(await check(), []);
    });
  }

  test('reports missing options of sudo, and arguments that the handler must not get', async () => {
    const rule = 'sed -i \'s/wgkex-handler ""/wgkex-handler/\' /etc/sudoers.d/wgkex';
    await start(['rm /etc/sudoers.d/wgkex-sudo', rule], []);
    const [open, unset, ...more] = await check();
    assert.equal(open?.problem, 'sudo lets user wgkex pass arguments to the handler');
    assert.match(unset?.problem ?? '', /^sudo runs the handler without .*!requiretty.*, !pam_session, !pam_setcred$/);
    assert.equal(unset?.remedy, HARDEN);
    await inside('/usr/lib/wgkex/harden');
    assert.deepEqual([(await check()).map(({ problem }) => problem), more], [[open?.problem], []]);
  });
});

for (const release of ['trixie', 'testing']) {
  const tree = `/run/sudo-rs-${release}`;
  const replaceSudo = [
    `mount -t overlay overlay -o lowerdir=${tree}/usr:/usr,upperdir=${tree}/upper,workdir=${tree}/work /usr`,
    '/usr/lib/wgkex/harden; /usr/lib/wgkex-client/harden',
  ];

  describe(`sudo-rs of Debian's ${release}, without DNS,`, { skip }, () => {
    before(async () => {
      assert.ok(existsSync(`${SUDO_RS}/${release}`), 'run bin/prepare-sudo-rs first');
      await sh('mkdir', '-p', `${tree}/upper`, `${tree}/work`);
      await sh('cp', '-r', `${SUDO_RS}/${release}/usr`, tree);
      await sh('ln', '-s', '../lib/cargo/bin/sudo', `${tree}/usr/bin/sudo`);
      await sh('chmod', '4755', `${tree}/usr/lib/cargo/bin/sudo`);
    });

    test('starts the handler, whose log keeps its format, without a warning', async () => {
      await start(replaceSudo, []);
      assert.match(await inside('sudo --version 2>&1'), /^sudo-rs /);
      await expectService();
    });

    for (const hardening of OF_SUDO_RS) {
      test(`starts the handler with Defaults ${hardening}`, async () => {
        await start(replaceSudo, [hardening]);
        // 0.2.5 does not know noexec, and says so about the operator's line.
        await expectService(/aa_hardening|Defaults noexec|\^~*$|^$/);
      });
    }

    test('warns about options that only sudo knows, and wgkex check says so', async () => {
      await start([...replaceSudo, 'cp -p /usr/lib/wgkex/sudoers /etc/sudoers.d/wgkex-sudo'], []);
      await inside('chmod 0440 /etc/sudoers.d/wgkex-sudo');
      const problem = 'sudo-rs warns about /etc/sudoers.d/wgkex-sudo, which is for sudo, at each start';
      assert.deepEqual(await check(), [{ problem, remedy: HARDEN }]);
      await inside('/usr/lib/wgkex/harden');
      assert.deepEqual(await check(), []);
    });

    test('stays in front of the handler, and forwards no signal that opens a debugger, ends or stops it', async () => {
      await start(replaceSudo, []);
      const handlers = await gateway.findHandlers();
      const [sudo = 0] = await findSudos();
      assert.equal(handlers.length, 1);
      // Only signals that do not kill sudo-rs; it must be there to get each of them.
      for (const signal of [
        'USR1',
        'USR2',
        'HUP',
        'INT',
        'QUIT',
        'TERM',
        'ALRM',
        'TSTP',
        'TTIN',
        'TTOU',
        'WINCH',
        'PIPE',
      ])
        await sh(...asWgkex('kill', `-${signal}`, String(sudo)));
      for (const handler of handlers) await assert.rejects(sh(...asWgkex('kill', '-0', String(handler))));
      await sh(...asWgkex('kill', '-STOP', String(sudo)));
      assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n', 'only sudo is stopped');
      assert.deepEqual(await findOpenPorts(), ['10012']);
      assert.deepEqual([await gateway.findHandlers(), await findSudos()], [handlers, [sudo]]);
      await sh(...asWgkex('kill', '-KILL', String(sudo)));
      await eventually('another handler serves', async () => {
        const now = await gateway.findHandlers();
        return now.length === 1 && now[0] !== handlers[0];
      });
      assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    });

    test('forwards SIGUSR1 while the handler starts, and no debugger opens', async () => {
      await start(replaceSudo, []);
      const words = asWgkex('setsid', 'sudo', '-n', '/usr/lib/wgkex/wgkex-handler');
      let [sent, isReady] = [0, false];
      let wait = 0;
      for (let tries = 0; !(isReady && sent > 2) && tries < 100; tries++) {
        const second = new Background('nsenter', [`--target=${listener.pid}`, '--mount', '--net', ...words]);
        await eventually('it is sudo', async () => (await findSudos()).includes(second.pid));
        await pause(wait);
        for (sent = 0; !second.stdout.includes('ready') && !second.hasEnded; sent++) {
          second.child.kill('SIGUSR1');
          assert.deepEqual(await findOpenPorts(), ['10012']);
        }
        isReady = second.stdout === '{"type":"ready","answers":["exchange"]}\n';
        await second.stop('SIGKILL');
        // A signal before Node listens for it ends the handler, as its user may anyway; so wait longer the next time.
        if (!isReady) wait += 20;
      }
      assert.deepEqual([isReady, sent > 2], [true, true]);
    });
  });
}

/**
 * Starts the listener as wgkex.service does, with the journal's variable, in its own mount namespace: without DNS,
 * after these `steps`, and with sudoers that begin with these Defaults.
 */
async function start(steps: readonly string[], defaults: readonly string[]): Promise<void> {
  const servers = ['0.53', '0.54'].map((host) => `nameserver ${gateway.segment.ipv4(host)}`).join('\\n');
  const script = `set -e
rm -rf /run/etc${NUMBER}; cp -a /etc /run/etc${NUMBER} || true; mount --bind /run/etc${NUMBER} /etc
echo 127.0.0.1 localhost >/etc/hosts; rm -f /etc/resolv.conf; printf '${servers}\\n' >/etc/resolv.conf
printf '${defaults.map((word) => `Defaults ${word}\\n`).join('')}' >/etc/sudoers.d/aa_hardening
chmod 0440 /etc/sudoers.d/aa_hardening
${steps.join('\n')}
: >${LOG}; chmod a+w ${LOG}; export JOURNAL_STREAM=$(stat --format=%d:%i ${LOG})
exec ${AS_WGKEX.join(' ')} setsid /usr/lib/wgkex/wgkex-listen 2>>${LOG}`;
  await sh('rm', '-f', LOG);
  listener = startIn(gateway.namespace, 'unshare', '--mount', 'sh', '-c', script);
  gateway.listener = listener;
  const log = () => readFile(LOG, 'utf8').catch(() => '');
  const said = async () => (await log()).match(/handler is ready|handler ended/)?.[0] !== undefined;
  await eventually('it is known whether a handler starts', async () => listener.hasEnded || (await said()));
  assert.equal(listener.hasEnded, false, listener.stderr);
}

/** Checks that a router is served, the log has its format, and `wgkex check` finds no problems. */
async function expectService(besides = /^$/): Promise<void> {
  const began = performance.now();
  assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n', await readFile(LOG, 'utf8'));
  const lines = (await readFile(LOG, 'utf8')).trim().split('\n');
  assert.match(lines.join('\n'), /^<6>admitted ffww01 /m);
  assert.deepEqual(
    lines.filter((line) => !/^<[46]>/.test(line) && !besides.test(line)),
    [],
  );
  assert.doesNotMatch(lines.join('\n'), /handler ended/);
  assert.deepEqual(await check(), []);
  assert.ok(performance.now() - began < NO_DNS_SECONDS * 1000, 'no program waits for name servers');
}

/** Runs a script in the mount namespace of the listener, as root. */
function inside(script: string): Promise<string> {
  return sh('nsenter', `--target=${listener.pid}`, '--mount', '--net', 'sh', '-c', script);
}

/** The findings of `wgkex check` about sudo, permissions and programs. */
async function check(): Promise<Finding[]> {
  const { checks } = JSON.parse(await inside('wgkex check --json || true')) as {
    checks: { check: string; findings: (Finding & { domain: unknown })[] }[];
  };
  const about = checks.filter((found) => ['sudo', 'permissions', 'programs'].includes(found.check));
  assert.equal(about.length, 3);
  return about.flatMap(({ findings }) => findings.map(({ problem, remedy }) => ({ problem, remedy })));
}

function asWgkex(...words: readonly string[]): [string, ...string[]] {
  const [program = '', ...options] = AS_WGKEX;
  return [program, ...options, ...words];
}

/** The sudo processes in the gateway's namespace. */
async function findSudos(): Promise<number[]> {
  const pids = (await sh('ip', 'netns', 'pids', gateway.namespace)).split('\n').map(Number);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => lines[index]?.startsWith('sudo\0'));
}

async function findOpenPorts(): Promise<string[]> {
  const lines = await gateway.run('ss', '--listening', '--tcp', '--numeric', '--no-header');
  return [...lines.matchAll(/:(\d+)\s/g)].map(([, port = '']) => port);
}
