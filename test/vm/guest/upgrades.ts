import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { version } from '../../../package.json';
import { isAnsweredInTunnel } from './http.ts';
import {
  attempt,
  CONFIG,
  DOMAIN,
  eventually,
  exchange,
  hasRouter,
  isServing,
  journal,
  makeKey,
  PING,
  ROUTER_UP,
  readRouterKey,
  sh,
  WG_QUICK,
} from './machine.ts';
import { ON_DEBIAN_12, ON_DEBIAN_13 } from './release.ts';

const STATIC_PEER = makeKey();
const KEEPALIVE_PEER = makeKey();

test(
  'an upgrade from 0.1 keeps the session of a router and the peers of an operator, and takes over the router',
  ON_DEBIAN_12,
  async (t) => {
    if (!(await isBuilt('0.1'))) return t.skip(NOT_BUILT);
    await upgrade('0.1');
    assert.match(await journal(), /^adopted ffww01 keys=[1-9]/m);
    await clear();
  },
);

test(
  'an upgrade from 0.2, which had no HTTP, keeps them, too, and opens no other port until the operator does',
  ON_DEBIAN_13,
  async (t) => {
    if (!(await isBuilt('0.2'))) return t.skip(NOT_BUILT);
    await upgrade('0.2');
    assert.doesNotMatch(await journal(), /^adopted /m, 'they were in the record');
    assert.equal(await sh('ss -Hltn sport = :80'), '');
    await appendFile(CONFIG, '\n[gateway]\nname = "gw1.example.org"\n[http]\n');
    await sh('systemctl enable wgkex-http.socket; systemctl restart wgkex.service');
    await eventually('the router gets its answer', isAnsweredInTunnel);
    await clear();
  },
);

const NOT_BUILT = 'this copy of the tree has no history to build the old version from';

async function isBuilt(oldVersion: string): Promise<boolean> {
  return (await attempt(`test -e /payload/wgkex-${oldVersion}.deb`)).exitCode === 0;
}

/** Installs and uses an old version, then the package, and asserts that peers and sessions are as they were. */
async function upgrade(oldVersion: string): Promise<void> {
  await sh(`dpkg --install /payload/wgkex-${oldVersion}.deb`);
  await writeFile('/etc/wireguard/wgww01.conf', WG_QUICK, { mode: 0o600 });
  await sh('wg genkey | install -m 600 /dev/stdin /etc/wireguard/wgww01.key; systemctl start wg-quick@wgww01');
  await appendFile(CONFIG, DOMAIN);
  await sh('systemctl enable --now wgkex.socket wgkex-cleanup@ffww01.timer');
  await eventually('an exchange works', isServing);
  await sh('wg genkey >/root/router.key; wg pubkey </root/router.key >/root/router.pub');
  assert.equal(await exchange('ffww01', await readRouterKey()), 'OK\n');
  await sh(ROUTER_UP);
  await eventually('a ping through bat0', async () => (await attempt(PING)).exitCode === 0);
  await sh(`wg set wgww01 peer ${STATIC_PEER} allowed-ips fe80::77/128,192.0.2.0/24
wg set wgww01 peer ${KEEPALIVE_PEER} allowed-ips fe80::78/128 persistent-keepalive 25`);
  const [peers, received] = [await readPeers(), await readReceived()];

  await sh('dpkg --install /payload/wgkex.deb </dev/null');
  assert.equal(await sh('dpkg-query --show wgkex'), `wgkex\t${version}`);
  await eventually('an exchange works', isServing);
  const now = await readPeers();
  assert.deepEqual(
    peers.filter((peer) => !now.includes(peer)),
    [],
    'all that were there are, as they were',
  );
  assert.ok((await readReceived()) >= received, 'the session was not reset');
  await sh(PING);
  assert.doesNotMatch(await journal('--priority=warning'), /record lost/);
  await sh('systemctl start wgkex-cleanup@ffww01');
  assert.ok(await hasRouter());
  const [{ peers: counts }] = JSON.parse((await attempt('wgkex status --json')).output).domains;
  assert.deepEqual([counts.alive, counts.static], [1, 2]);
}

async function clear(): Promise<void> {
  await sh(`systemctl stop wg-quick@wgww01; ip netns delete router
dpkg --purge wgkex; rm /etc/wireguard/wgww01.conf /etc/wireguard/wgww01.key
journalctl --rotate --vacuum-time=1s`);
}

/** Keys with their allowed IPs. */
async function readPeers(): Promise<string[]> {
  return (await sh('wg show wgww01 allowed-ips')).split('\n');
}

/** Bytes from the router; a reset begins at 0 again. */
async function readReceived(): Promise<number> {
  return Number((await sh(`wg show wgww01 transfer | grep -F "$(cat /root/router.pub)"`)).split('\t')[1]);
}
