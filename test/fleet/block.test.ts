import assert from 'node:assert/strict';
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Broker } from '../../lab/broker.ts';
import { type Background, eventually, sh, startIn } from '../../lab/commands.ts';
import { LabFleet, nameOf } from '../../lab/fleet.ts';
import type { Gateway } from '../../lab/gateway.ts';
import { look, lookUp } from '../../lab/operator.ts';

/** In the lab nothing else is there. */
const HOME = '/root/.ssh';
const LIST = '/etc/wgkex/disallowed_keys';

let fleet: LabFleet;
let first: Gateway;
let second: Gateway;
let third: Gateway;
let server: Background;

before(async () => {
  fleet = await LabFleet.create(await Broker.start(1892), [98, 99, 100], [101], [1, 1, 1]);
  [first, second, third] = fleet.gateways as [Gateway, Gateway, Gateway];
  // Here the segments meet.
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  for (const gateway of [first, second])
    await gateway.run('ip', 'route', 'add', 'default', 'via', gateway.segment.ipv4('0.2'));
  await appendFile('/etc/hosts', `${second.address} ${nameOf(second)}\n`);
  server = await openSsh(second);
});
after(async () => {
  await server.stop();
  await rm(HOME, { recursive: true });
  await fleet.close();
});

describe('wgkex block --fleet', { timeout: 600_000 }, () => {
  test('blocks a key on the gateways that are online, and says what has to be done on the others', async () => {
    await third.listener?.stop('SIGKILL');
    await eventually('the third is offline', async () => (await fleet.readStates(first))['gw100'] === 'offline');
    const { key } = await fleet.registerPatiently(second, '/api/v1/wg/key/exchange');
    const dry = await look(first, ['block', key, '--fleet', '--dry-run'], { columns: 200 });
    assert.match(
      dry.stdout,
      new RegExp(`^gw99: would run ssh root@gw99\\.example\\.org wgkex block ${escapeKey(key)}$`, 'm'),
    );
    assert.equal(await countLines(second, key), 0);

    const { exitCode, stderr, document } = await lookUp(first, ['block', key, '--fleet']);
    const remedy = `run later: ssh root@gw100.example.org wgkex block ${key}`;
    assert.deepEqual([exitCode, stderr], [1, `wgkex: Cannot block the key on gw100: it is offline; ${remedy}`]);
    assert.deepEqual(document.elsewhere, [
      { gateway: 'gw100', host: 'gw100.example.org', outcome: 'offline', reason: null },
      { gateway: 'gw99', host: 'gw99.example.org', outcome: 'blocked', reason: null },
    ]);
    for (const gateway of [first, second]) assert.equal(await countLines(gateway, key), 1, gateway.namespace);
    assert.equal(await countLines(third, key), 0);
    const { reply } = await fleet.register(second, '/api/v1/wg/key/exchange', { public_key: key });
    assert.equal(reply, 'PROHIBITED_WGKEY');
    await third.start('"mqtt connected"');
    await eventually('the third is back', async () => (await fleet.readStates(first))['gw100'] === 'online');
  });

  test('does what it can where a gateway or the broker is out of reach', async () => {
    const { exitCode, stderr, document } = await lookUp(first, ['block', await sh('wg', 'genkey'), '--fleet']);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^wgkex: Cannot block the key on gw100: Cannot run ssh .*: .*; run later: ssh root@gw100\.\S+ /,
    );
    assert.deepEqual(document.list.outcome, 'added');
    await fleet.broker.stop();
    const alone = await lookUp(first, ['block', await sh('wg', 'genkey'), '--fleet']);
    assert.equal(alone.exitCode, 1);
    assert.match(alone.stderr, /^wgkex: Cannot ask the broker .*; block it on the other gateways, too$/);
    assert.deepEqual([alone.document.list.outcome, alone.document.elsewhere], ['added', []]);
  });
});

/** How many lines of a gateway's list of disallowed keys have the key. */
async function countLines(gateway: Gateway, key: string): Promise<number> {
  const list = await gateway.run('cat', LIST).catch(() => '');
  return list.split('\n').filter((line) => line.startsWith(key)).length;
}

function escapeKey(text: string): string {
  return text.replace(/[+/]/g, '\\$&');
}

/** An SSH server that lets the lab's root in by its key, and that the lab's root knows. */
async function openSsh(gateway: Gateway): Promise<Background> {
  await mkdir(HOME, { recursive: true, mode: 0o700 });
  await sh('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${HOME}/id_ed25519`);
  await sh('cp', `${HOME}/id_ed25519.pub`, `${HOME}/authorized_keys`);
  const known = await sh('dropbearkey', '-t', 'ed25519', '-f', `${HOME}/host`);
  const [hostKey = ''] = known.match(/^ssh-ed25519 \S+/m) ?? [];
  await writeFile(`${HOME}/known_hosts`, `${nameOf(gateway)} ${hostKey}\n`);
  const started = startIn(
    gateway.namespace,
    'dropbear',
    '-F',
    '-E',
    '-s',
    '-r',
    `${HOME}/host`,
    '-p',
    `${gateway.address}:22`,
  );
  await eventually('it listens', async () => started.hasEnded || (await gateway.run('ss', '-ltn')).includes(':22 '));
  assert.ok(!started.hasEnded, started.stderr);
  return started;
}
