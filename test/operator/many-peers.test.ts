import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { makeKey } from '../../lab/client.ts';
import { attempt } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { look, lookUp } from '../../lab/operator.ts';
import { recordKeys } from '../../lab/record.ts';
import { buildEntries } from '../../src/core/kernel/fdb.ts';
import { buildEnsureEntry } from '../../src/core/kernel/words.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import type { InterfaceName } from '../../src/core/values/names.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

const PEERS = 2000;

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(34, [{ name: 'ffww01', settings: { max_peers: 4000, max_pending: 4000 } }]);
  const keys = Array.from({ length: PEERS }, () => parsePublicKey(makeKey()));
  const routers = keys.map((key) => ({ key, ...deriveLinkAddress(key, 'eui64') }));
  const peers = routers.map(({ key, address }) => `[Peer]\nPublicKey = ${key}\nAllowedIPs = ${address}/128\n`);
  await writeFile('/run/many-peers.conf', peers.join('\n'));
  await recordKeys(gateway, keys);
  await gateway.run('wg', 'addconf', gateway.wireguard(), '/run/many-peers.conf');
  const [wireguard, vxlan] = [gateway.wireguard() as InterfaceName, gateway.vxlan() as InterfaceName];
  const entries = routers.flatMap((router) => buildEntries(router, ['flood', 'unicast'], wireguard));
  const input = entries
    .flatMap((entry) => buildEnsureEntry(entry, vxlan))
    .map((line) => `${line}\n`)
    .join('');
  await execa('ip', ['netns', 'exec', gateway.namespace, 'bridge', '-batch', '-'], { input });
});
after(() => gateway.close());

test(`a gateway with ${PEERS} routers is sound, and its status takes little time`, async (t) => {
  for (let time = 0; time < 5; time++) {
    const start = performance.now();
    const { exitCode, document } = await lookUp(gateway, ['status']);
    t.diagnostic(`status took ${Math.round(performance.now() - start)} ms`);
    assert.equal(exitCode, 0);
    assert.deepEqual(document.domains[0].peers, { alive: 0, idle: 0, stale: 0, pending: PEERS, static: 0 });
  }
});

test('wgkex peers lists all of them', async () => {
  const { stdout } = await look(gateway, ['peers']);
  assert.equal(stdout.split('\n').length, PEERS + 1);
});

test('wgkex peers ends quietly if only the first lines of a long list are read', async () => {
  const script = 'set -o pipefail; wgkex peers | head -1';
  const { exitCode, stdout, stderr } = await attempt(gateway.namespace, 'bash', ['-c', script]);
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.match(stdout, /^KEY .* HANDSHAKE +RX +TX +FDB$/);
});
