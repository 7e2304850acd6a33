import assert from 'node:assert/strict';
import { chmod, chown, lchown, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { attempt, Background, eventually, pause } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { Router } from '../../lab/router.ts';
import { deriveLinkAddress, type LinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const FLOOD = '00:00:00:00:00:00';
const SECOND_LOOK_SECONDS = 900;
const NOBODY = 65_534;

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(5, [{ name: 'ffww01', settings: { route: true } }, { name: 'ffww02' }]);
  await gateway.start();
});
after(() => gateway.close());

describe('a key that never connected', () => {
  test('is marked by the first pass, survives a second one a minute later, and is removed by a later one', async () => {
    const key = await register();
    await pass(/"heard":"never","msg":"marked"/);
    assert.deepEqual(Object.keys(await readMarks()), [key]);

    await ageMarks(60);
    await pass(/still marked/);
    assert.notEqual(await gateway.findPeer(key), undefined);

    await ageMarks(SECOND_LOOK_SECONDS - 60);
    await pass(/"heard":"never","msg":"removed"/);
    await assertGone(key);
    assert.deepEqual(await readMarks(), {});
  });

  test('is removed if the timer fired up to 5 % early, but not if it fired earlier', async () => {
    const key = await register();
    await pass(/marked/);
    const markedAt = (await readMarks())[key] ?? 0;
    const early = await gateway.cleanUpAt(markedAt + SECOND_LOOK_SECONDS * 0.94);
    assert.match(early.stderr, /still marked/);
    assert.notEqual(await gateway.findPeer(key), undefined);
    const late = await gateway.cleanUpAt(markedAt + SECOND_LOOK_SECONDS * 0.96);
    assert.match(late.stderr, /"msg":"removed"/);
    await assertGone(key);
  });

  test('loses its mark when it is registered again between the passes', async () => {
    const key = await register();
    await pass(/marked/);
    await ageMarks(SECOND_LOOK_SECONDS);
    await register(key);
    assert.deepEqual(await readMarks(), {});
    await pass(/"msg":"marked"/);
    assert.notEqual(await gateway.findPeer(key), undefined);
  });
});

describe('a key with a handshake', () => {
  beforeEach(removeAll);

  test('has no mark while it is alive, is marked when it is stale, and loses the mark when it is back', async () => {
    const router = await Router.create(gateway, 1);
    await router.exchange('ffww01');
    await router.up();
    await router.connected();
    await pass(/"alive":1/);
    assert.deepEqual(await readMarks(), {});

    await gateway.configure({ cleanup: { stale_after_seconds: 1, second_look_seconds: SECOND_LOOK_SECONDS } });
    await pause(2500);
    await pass(/"heard":"\d+ s ago","msg":"marked"/);
    assert.deepEqual(Object.keys(await readMarks()), [router.key]);

    await gateway.configure();
    await ageMarks(SECOND_LOOK_SECONDS);
    await pass(/alive again/);
    assert.deepEqual(await readMarks(), {});
    await router.ping(1);
  });
});

// The service repairs them, too, so it is stopped.
describe('forwarding entries and routes', () => {
  afterEach(startAgain);
  beforeEach(removeAll);

  test('are restored if a peer has lost them', async () => {
    const key = await register();
    await gateway.listener?.stop();
    const { mac, address } = derive(key);
    await bridge('del', FLOOD, address);
    await bridge('del', mac, address);
    await gateway.run('ip', '-6', 'route', 'del', `${address}/128`, 'dev', gateway.wireguard());
    await pass(/restored forwarding entry.*restored forwarding entry.*restored route/s);
    assert.equal((await entriesTo(address)).length, 2);
    assert.match(await routes(), new RegExp(`^${address} `, 'm'));
  });

  test('are restored even if the kernel has learned one instead', async () => {
    const { mac, address } = derive(await register());
    await gateway.listener?.stop();
    await bridge('del', mac, address);
    const learned = ['dev', gateway.vxlan(), 'dst', address, 'via', gateway.wireguard(), 'dynamic'];
    await gateway.run('bridge', 'fdb', 'add', mac, ...learned);
    await pass(/restored forwarding entry/);
    const lines = (await gateway.run('bridge', 'fdb', 'show', 'dev', gateway.vxlan())).split('\n');
    assert.match(lines.find((line) => line.startsWith(mac)) ?? '', /permanent/);
  });

  test('are removed if their peer is gone', async () => {
    const key = await register();
    await gateway.listener?.stop();
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'remove');
    await pass(/removed forwarding entry.*removed forwarding entry.*removed route/s);
    await assertGone(key);
  });

  test("stay as they are if they are the operator's", async () => {
    const [inside, beside] = [derive(makeKey()), derive(makeKey())];
    const networks = `${inside.address}/128,fe80::42/128,192.0.2.0/24`;
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', makeKey(), 'allowed-ips', networks);
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', makeKey(), 'allowed-ips', 'fd99::/64');
    await bridge('append', FLOOD, inside.address);
    await bridge('append', FLOOD, 'fe80::42');
    await bridge('add', '02:00:00:00:00:42', 'fe80::42');
    await gateway.run('bridge', 'fdb', 'append', FLOOD, 'dev', gateway.vxlan(), 'dst', beside.address, 'via', 'uplink');
    await gateway.run('ip', '-6', 'route', 'add', 'fe80::42/128', 'dev', gateway.wireguard());
    const unchanged = await gateway.snapshot();
    await pass(/cleanup finished/);
    await ageMarks(SECOND_LOOK_SECONDS);
    await pass(/cleanup finished/);
    assert.equal(await gateway.snapshot(), unchanged);
  });
});

describe('an unusual state:', () => {
  beforeEach(removeAll);

  test('a damaged state file is set aside with a warning, and costs a pass, not a peer', async () => {
    const key = await register();
    await pass(/marked/);
    await ageMarks(SECOND_LOOK_SECONDS);
    const damaged = (await readFile(gateway.stateFile(), 'utf8')).slice(0, 20);
    await writeFile(gateway.stateFile(), damaged);
    await pass(/"level":40.*started without marks.*"msg":"marked"/s);
    assert.equal(await readFile(`${gateway.stateFile()}.damaged`, 'utf8'), damaged);
    assert.notEqual(await gateway.findPeer(key), undefined);
  });

  test('a missing interface is an error, and the marks stay as they are', async () => {
    await register();
    await pass(/marked/);
    const before = await readFile(gateway.stateFile());
    await gateway.removeInterfaces();
    const { exitCode, stderr } = await gateway.cleanUp();
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`WireGuard interface ${gateway.wireguard()} does not exist`));
    assert.deepEqual(await readFile(gateway.stateFile()), before);
    await gateway.addInterfaces();
  });

  test('a domain that cannot be cleaned up keeps --all from no other domain', async () => {
    await gateway.removeInterfaces();
    const key = await register(makeKey(), 'ffww02');
    const { exitCode, stderr } = await gateway.cleanUp('--all');
    assert.equal(exitCode, 1);
    assert.match(stderr, /cleanup failed.*\n.*"domain":"ffww02"/s);
    assert.deepEqual(Object.keys(await readMarks('ffww02')), [key]);
    await gateway.addInterfaces();
  });

  test('a lock that another process holds is an error, and nothing changes', async () => {
    const key = await register();
    await pass(/marked/);
    await ageMarks(SECOND_LOOK_SECONDS);
    const lock = `/run/wgkex/${gateway.namespace}/ffww01.lock`;
    const holder = new Background('flock', ['--no-fork', lock, 'sh', '-c', 'echo locked; exec sleep 60']);
    await eventually('it is locked', () => holder.stdout.includes('locked'));
    const { exitCode, stderr } = await gateway.cleanUp();
    await holder.stop();
    assert.equal(exitCode, 1);
    assert.match(stderr, /Cannot lock \/run\/wgkex\/gw5\/ffww01\.lock: another process has held it for 4 s/);
    assert.notEqual(await gateway.findPeer(key), undefined);
  });
});

describe('--dry-run', () => {
  afterEach(startAgain);

  test('prints what would be done, and does nothing', async () => {
    await removeAll();
    const [stale, fresh] = [await register(), await register()];
    await gateway.listener?.stop();
    await writeMarks({ [stale]: Math.floor(Date.now() / 1000) - SECOND_LOOK_SECONDS });
    await bridge('append', FLOOD, derive(makeKey()).address);
    const [kernel, marks] = [await gateway.snapshot(), await readFile(gateway.stateFile())];
    const { exitCode, stderr } = await gateway.cleanUp('--dry-run', 'ffww01');
    assert.equal(exitCode, 0);
    assert.match(stderr, new RegExp(`"key":"${escapeKey(stale)}".*"msg":"dry run: removed"`));
    assert.match(stderr, new RegExp(`"key":"${escapeKey(fresh)}".*"msg":"dry run: marked"`));
    assert.match(stderr, /dry run: removed forwarding entry/);
    assert.equal(await gateway.snapshot(), kernel);
    assert.deepEqual(await readFile(gateway.stateFile()), marks);
  });
});

describe('--repair', () => {
  afterEach(startAgain);

  test('makes entries and routes match the keys, and neither marks nor removes a key', async () => {
    await removeAll();
    const [stale, fresh] = [await register(), await register()];
    await gateway.listener?.stop();
    await writeMarks({ [stale]: Math.floor(Date.now() / 1000) - SECOND_LOOK_SECONDS });
    const [whole, state] = [await gateway.snapshot(), await readFile(gateway.stateFile())];
    const { address } = derive(fresh);
    await bridge('del', FLOOD, address);
    await gateway.run('ip', '-6', 'route', 'del', `${address}/128`, 'dev', gateway.wireguard());
    await bridge('append', FLOOD, derive(makeKey()).address);
    const broken = await gateway.snapshot();
    assert.notEqual(broken, whole);
    const dry = await gateway.cleanUp('--repair', '--dry-run', 'ffww01');
    assert.match(dry.stderr, /dry run: restored forwarding entry/);
    assert.equal(await gateway.snapshot(), broken);
    const { exitCode, stderr } = await gateway.cleanUp('--repair', 'ffww01');
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /removed forwarding entry.*restored forwarding entry.*restored route/s);
    assert.equal(await gateway.snapshot(), whole);
    assert.deepEqual(await readFile(gateway.stateFile()), state);
    await pass(new RegExp(`"key":"${escapeKey(stale)}".*"msg":"removed"`));
  });
});

describe('the command line', () => {
  test('with a domain that is not configured gets one clear line', async () => {
    const { exitCode, stderr } = await gateway.cleanUp('nowhere');
    assert.equal(exitCode, 2);
    assert.equal(stderr, 'wgkex-cleanup: domain "nowhere" is not in /etc/wgkex/wgkex.toml; try wgkex-cleanup --help');
  });

  test('with a configuration that others could write is refused, also by the handler', async () => {
    const before = await gateway.snapshot();
    for (const spoil of [() => chmod(gateway.configFile, 0o666), () => chown(gateway.configFile, 1, 0)]) {
      await spoil();
      for (const { exitCode, stderr } of [await gateway.cleanUp(), await gateway.handle('')]) {
        assert.equal(exitCode, 78);
        assert.match(stderr, /^wgkex-\w+: Cannot trust \/etc\/wgkex\/wgkex\.toml: .*expected.*$/);
      }
      await rm(gateway.configFile);
      await gateway.configure();
    }
    assert.equal(await gateway.snapshot(), before);
  });
});

test("root's programs read no configuration and write no page through somebody else's link in /tmp", async () => {
  const [link, site] = ['/tmp/wgkex-link.toml', '/tmp/wgkex-site'];
  await symlink('/etc/wgkex/wgkex.toml', link);
  await symlink('/root', site);
  for (const path of [link, site]) await lchown(path, NOBODY, NOBODY);
  const commands = [
    ['/usr/lib/wgkex/wgkex-handler', '--config', link],
    ['/usr/lib/wgkex/wgkex-cleanup', '--config', link, 'ffww01'],
    ['wgkex', 'status', '--config', link],
  ];
  for (const [program = '', ...args] of commands) {
    const { exitCode, stderr } = await attempt(gateway.namespace, program, args);
    assert.deepEqual(
      [exitCode, stderr.replace(/^[a-z-]+: /, '')],
      [78, `Cannot trust ${link}: it belongs to user ${NOBODY}, expected root`],
    );
  }
  const page = await attempt(gateway.namespace, 'wgkex', ['status', '--html', `${site}/page.html`]);
  assert.match(
    page.stderr,
    /Cannot write \/tmp\/wgkex-site\/page\.html: Cannot trust \/tmp\/wgkex-site: it belongs to user 65534/,
  );
  assert.notEqual(page.exitCode, 0);
  await assert.rejects(stat('/root/page.html'));
  for (const path of [link, site]) await rm(path);
});

/** Registers a key, a new one by default, as a router does. */
async function register(key = makeKey(), domain = 'ffww01'): Promise<string> {
  assert.equal(await exchange(gateway.address, domain, key), 'OK\n');
  return key;
}

/** One pass over ffww01 that succeeds and logs the expected lines. */
async function pass(expected: RegExp): Promise<void> {
  const { exitCode, stderr } = await gateway.cleanUp();
  assert.match(stderr, expected);
  assert.equal(exitCode, 0, stderr);
}

async function readMarks(domain?: string): Promise<Record<string, number>> {
  return JSON.parse(await readFile(gateway.stateFile(domain), 'utf8')).marks;
}

function writeMarks(marks: Record<string, number>): Promise<void> {
  return writeFile(gateway.stateFile(), JSON.stringify({ version: 1, marks }));
}

/** Makes every mark older: the time that a test does not wait. */
async function ageMarks(seconds: number): Promise<void> {
  const marks = Object.entries(await readMarks()).map(([key, at]) => [key, Math.floor(at - seconds)]);
  await writeMarks(Object.fromEntries(marks));
}

/** Leaves no peer, no mark and nothing to restore in ffww01. */
async function removeAll(): Promise<void> {
  await gateway.unlocked();
  for (const { key } of await gateway.peers())
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'remove');
  for (const file of [gateway.stateFile(), gateway.claimsFile(), gateway.recordFile()]) await rm(file, { force: true });
  await pass(/cleanup finished/);
}

async function assertGone(key: string): Promise<void> {
  const { address } = derive(key);
  assert.equal(await gateway.findPeer(key), undefined);
  assert.deepEqual(await entriesTo(address), []);
  assert.doesNotMatch(await routes(), new RegExp(`^${address} `, 'm'));
}

async function entriesTo(address: string) {
  return (await gateway.entries()).filter(({ destination }) => destination === address);
}

function routes(): Promise<string> {
  return gateway.run('ip', '-6', 'route', 'show', 'dev', gateway.wireguard());
}

async function startAgain(): Promise<void> {
  if (gateway.listener?.hasEnded) await gateway.start();
}

function bridge(verb: string, mac: string, destination: string) {
  const where = ['dev', gateway.vxlan(), 'dst', destination, 'via', gateway.wireguard()];
  return attempt(gateway.namespace, 'bridge', ['fdb', verb, mac, ...where]);
}

function derive(key: string): LinkAddress {
  return deriveLinkAddress(parsePublicKey(key), 'eui64');
}

function escapeKey(key: string): string {
  return key.replace(/[+/]/g, '\\$&');
}
