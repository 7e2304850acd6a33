import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { after, afterEach, before, describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { exchange, makeKey } from '../../lab/client.ts';
import { eventually, startIn } from '../../lab/commands.ts';
import { curse, liftCurses } from '../../lab/fakes.ts';
import { AS_WGKEX, Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { look, lookUp } from '../../lab/operator.ts';

const NUMBER = 82;
const WIREGUARD = `wg${NUMBER}ffww01`;
const REPAIR = '/usr/lib/wgkex/wgkex-cleanup --repair ffww01';
const SWITCH_ON = `sysctl -w net/ipv6/conf/${WIREGUARD}/disable_ipv6=0`;
/** A stale peer with this mark goes with the next pass of the cleanup. */
const MARK_AGE_SECONDS = 5000;

let gateway: Gateway;
let stale: string;

before(async () => {
  gateway = await Gateway.create(NUMBER);
  await gateway.start();
  stale = makeKey();
  assert.equal(await exchange(gateway.address, 'ffww01', stale), 'OK\n');
  await gateway.run('install', '-d', `/var/lib/wgkex/${gateway.namespace}`);
  const marks = { [stale]: Math.floor(Date.now() / 1000) - MARK_AGE_SECONDS };
  await writeFile(gateway.stateFile(), JSON.stringify({ version: 1, marks }));
  await breakEntries();
});
after(() => gateway.close());

describe('wgkex check --fix without a terminal', () => {
  for (const more of [[], ['--json']]) {
    test(`changes nothing, and says so${more.length > 0 ? ', also with --json' : ''}`, async () => {
      const before = await gateway.snapshot();
      const { exitCode, stdout, stderr } = await look(gateway, ['check', '--fix', ...more]);
      assert.equal(exitCode, 1);
      assert.equal(
        stderr,
        'wgkex: nothing was changed: --fix asks on a terminal; without one, and with --json, it needs --yes',
      );
      if (more.length === 0) assert.match(stdout, new RegExp(`\n1 problem found.\nnot run: ${REPAIR}$`));
      else assert.deepEqual(JSON.parse(stdout).fixes, [{ remedy: REPAIR, outcome: 'not run', reason: null }]);
      assert.equal(await gateway.snapshot(), before);
    });
  }

  test('does nothing for a user without root', { skip: IS_ROOT_ALONE }, async () => {
    const words = [...AS_WGKEX, 'wgkex', 'check', '--fix', '--yes'];
    const ended = startIn(gateway.namespace, ...words);
    await eventually('it ended', () => ended.hasEnded);
    assert.deepEqual(
      [ended.child.exitCode, ended.stdout, ended.stderr],
      [2, '', 'wgkex: --fix must be run as root; try wgkex --help\n'],
    );
  });
});

describe('wgkex check --fix on a terminal', () => {
  for (const [name, typed] of [
    ['n', 'n\r'],
    ['an empty line', '\r'],
    ['Ctrl-D', '\x04'],
    ['Ctrl-C', '\x03'],
  ] as const) {
    test(`runs nothing after ${name}`, async () => {
      const before = await gateway.snapshot();
      const { text, status } = await answer(typed);
      assert.match(text, new RegExp(`ffww01: 1 router lacks forwarding entries\nRun ${REPAIR}\\? \\[y/N\\] `));
      assert.match(text, new RegExp(`\nnot run: ${REPAIR}\n`));
      assert.doesNotMatch(text, /Checked again/);
      assert.equal(status, 1);
      assert.equal(await gateway.snapshot(), before);
    });
  }

  test('runs the command after y, checks again, and ends with the status of that check', async () => {
    const { text, status } = await answer('y\r');
    assert.match(text, new RegExp(`\\[y/N\\] y\ndone: ${REPAIR}\n\nChecked again:\nconfiguration +ok\n`));
    assert.match(text, /No problems found in the parts that were checked\.\n$/);
    assert.equal(status, 0);
    assert.notEqual(await gateway.findPeer(stale), undefined);
    await breakEntries();
  });
});

describe('wgkex check --fix --yes', () => {
  afterEach(() => liftCurses(gateway));

  test('runs the harmless remedies alone: a stale peer that the cleanup would remove stays, as do other faults', async () => {
    const blocked = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', blocked), 'OK\n');
    const list = `/etc/netns/${gateway.namespace}/wgkex/disallowed_keys`;
    await writeFile(list, `${blocked}\n`);
    await breakEntries();
    const state = await readFile(gateway.stateFile(), 'utf8');
    const { exitCode, document } = await lookUp(gateway, ['check', '--fix', '--yes']);
    assert.deepEqual(document.fixes, [{ remedy: REPAIR, outcome: 'done', reason: null }]);
    assert.deepEqual(findCodes(document), ['disallowed-peer']);
    assert.equal(exitCode, 1);
    for (const key of [stale, blocked]) assert.notEqual(await gateway.findPeer(key), undefined);
    assert.equal(await readFile(gateway.stateFile(), 'utf8'), state);
    await rm(list);
    assert.equal((await lookUp(gateway, ['check'])).document.sound, true);
    await gateway.cleanUp();
    assert.equal(await gateway.findPeer(stale), undefined, 'the same pass without --repair removes it');
  });

  test('says that a command failed, and why, and goes on', async () => {
    await gateway.run('sysctl', '-w', `net/ipv6/conf/${WIREGUARD}/disable_ipv6=1`);
    await breakEntries();
    await curse(gateway, '/usr/sbin/bridge', 'fdb append', 'fail');
    const { exitCode, stdout } = await look(gateway, ['check', '--fix', '--yes']);
    assert.match(stdout, new RegExp(`done: ${SWITCH_ON}\nfailed: ${REPAIR}\n {2}Cannot run wgkex-cleanup --repair`));
    const [, again = ''] = stdout.split('\nChecked again:\n');
    assert.doesNotMatch(again, /IPv6 is switched off/);
    assert.match(again, /1 router lacks forwarding entries/);
    assert.equal(exitCode, 1);
  });

  test('says that it runs none of the commands if none is harmless', async () => {
    await gateway.run('ip', 'link', 'set', WIREGUARD, 'down');
    await gateway.run('/usr/lib/wgkex/wgkex-cleanup', '--repair', 'ffww01');
    const { exitCode, stdout, stderr } = await look(gateway, ['check', '--fix', '--yes']);
    assert.match(stdout, /is down: ip link set \S+ up\n/);
    assert.match(stdout, /problems? found\.\n--fix runs none of these commands\.$/);
    assert.deepEqual([exitCode, stderr], [1, '']);
    assert.match(await gateway.run('ip', 'link', 'show', WIREGUARD), /state DOWN/);
  });
});

/** Types something when the question is there. */
async function answer(typed: string): Promise<{ readonly text: string; readonly status: number | null }> {
  const script = ['script', '--quiet', '--return', '--command', 'stty cols 200; wgkex check --fix', '/dev/null'];
  const terminal = startIn(gateway.namespace, ...script);
  await eventually('it asks', () => terminal.stdout.includes('[y/N] '));
  terminal.child.stdin?.write(typed);
  await eventually('it has ended', () => terminal.hasEnded);
  const text = stripVTControlCharacters(terminal.stdout).replaceAll('\r', '');
  return { text, status: terminal.child.exitCode };
}

/** The service does not notice it: entries that change raise no event of an interface. */
async function breakEntries(): Promise<void> {
  await gateway.unlocked();
  for (const { mac, destination } of await gateway.entries())
    await gateway.run('bridge', 'fdb', 'del', mac, 'dev', gateway.vxlan(), 'dst', destination, 'via', WIREGUARD);
}

function findCodes({ checks }: { checks: { findings: { code: string }[] }[] }): string[] {
  return checks.flatMap(({ findings }) => findings.map(({ code }) => code));
}
