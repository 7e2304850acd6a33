import assert from 'node:assert/strict';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { attempt, sh } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { listHoldings, readHoldings } from '../../lab/holdings.ts';
import { connect, makeKeyPair } from '../../lab/operator.ts';
import { PeerRecord } from '../../src/core/peers/record.ts';

const [LIVING, OTHER] = [makeKeyPair('living since 0.1'), makeKeyPair('living since 0.1, too')];

test('an upgrade from 0.1 adopts its peers without interrupting them, and leaves peers that an operator marked', async (t) => {
  const gateway = await Gateway.create(37, [{ name: 'ffww01', settings: { route: true } }]);
  t.after(() => gateway.close());
  const [pending, unmarked, keepalive, preshared, networks] = Array.from({ length: 5 }, makeKey) as [
    string,
    ...string[],
  ];
  const ours = [LIVING.publicKey, OTHER.publicKey, pending, unmarked ?? ''];
  for (const key of ours) await addAsVersion01(gateway, key);
  await add(gateway, keepalive, ['persistent-keepalive', '25']);
  await writeFile('/run/upgrade.psk', await sh('wg', 'genpsk'), { mode: 0o600 });
  await add(gateway, preshared, ['preshared-key', '/run/upgrade.psk']);
  await gateway.run('wg', 'set', gateway.wireguard(), 'peer', networks ?? '', 'allowed-ips', '192.0.2.0/24');
  const alive = {
    [LIVING.publicKey]: await connect(gateway, LIVING),
    [OTHER.publicKey]: await connect(gateway, OTHER),
  };
  await leaveAsVersion01(gateway, alive, pending);
  const [holdings, peers] = [await readHoldings(gateway), await gateway.peers()];

  await gateway.start();
  const from = await gateway.segment.addSource(gateway.segment.ipv4('8.8'));
  const register = (key = '') => exchange(gateway.address, 'ffww01', key, { from });
  assert.equal(await register(LIVING.publicKey), 'OK\n');
  for (const key of [keepalive, preshared, networks]) assert.equal(await register(key), 'ERR: PROHIBITED_WGKEY\n');
  assert.deepEqual(await readHoldings(gateway), holdings);
  const session = ({ key, endpoint, lastHandshake }: (typeof peers)[number]) => `${key} ${endpoint} ${lastHandshake}`;
  assert.deepEqual((await gateway.peers()).map(session).sort(), peers.map(session).sort());

  const record = PeerRecord.parse(await readFile(gateway.recordFile(), 'utf8'));
  assert.deepEqual([...record.registrations.keys()].sort(), [...ours].sort());
  await assert.rejects(access(noteFile(gateway)), 'the note is gone');
  const log = gateway.listener?.stderr ?? '';
  assert.match(log, /"keys":[1-4],"msg":"adopted"/);
  assert.doesNotMatch(log, /record lost|"level":[456]0/);

  const { stderr, exitCode } = await gateway.cleanUp();
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /"alive":2,"marked":1,"waiting":1,"removed":0/);
  assert.equal(await register(unmarked), 'OK\n');
  assert.deepEqual(await readHoldings(gateway), holdings);
});

/** Adds everything that 0.1 made for a key, using only programs. */
async function addAsVersion01(gateway: Gateway, key: string): Promise<void> {
  await add(gateway, key);
  const lines = listHoldings(gateway, key).map((line) => line.split(' '));
  const entries = lines.filter(([what]) => what === 'entry');
  for (const [, mac = '', address = '', via = ''] of entries)
    await gateway.run('bridge', 'fdb', 'append', mac, 'dev', gateway.vxlan(), 'dst', address, 'via', via);
  const [, address = ''] = lines.find(([what]) => what === 'route') ?? [];
  await gateway.run('ip', '-6', 'route', 'add', `${address}/128`, 'dev', gateway.wireguard());
}

/** A peer with exactly its derived address. */
async function add(gateway: Gateway, key = '', marks: readonly string[] = []): Promise<void> {
  const [, , network = ''] = listHoldings(gateway, key)[0]?.split(' ') ?? [];
  const words = ['set', gateway.wireguard(), 'peer', key, 'allowed-ips', network, ...marks];
  const { exitCode, stderr } = await attempt(gateway.namespace, 'wg', words);
  assert.equal(exitCode, 0, stderr);
}

/** The files of 0.1, which had no record, and the note that the upgrade leaves. */
async function leaveAsVersion01(gateway: Gateway, alive: Record<string, number>, pending: string): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const numbers = await Promise.all(
    [gateway.wireguard(), gateway.vxlan()].map(async (name) => {
      const [link] = JSON.parse(await gateway.run('ip', '-json', 'link', 'show', 'dev', name));
      return link.ifindex;
    }),
  );
  const state = {
    version: 1,
    interfaces: [boot, ...numbers].join(' '),
    cleanup: { passes: 3, removals: 1, lastPass: now - 60 },
    marks: { [pending]: now - 60 },
    alive,
  };
  const firstSeen = { [pending]: Math.round(performance.now() / 1000) };
  for (const [file, content] of [
    [gateway.stateFile(), state],
    [`/run/wgkex/${gateway.namespace}/ffww01.pending.json`, firstSeen],
  ] as const) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(content), { mode: 0o644 });
  }
  await writeFile(noteFile(gateway), '');
}

function noteFile(gateway: Gateway): string {
  return `/run/wgkex/${gateway.namespace}/ffww01.adopt`;
}
