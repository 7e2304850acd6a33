import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { sh } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { listHoldings } from '../../lab/holdings.ts';

const PEERS = 6000;
/** Some hundred, regardless of the peers. */
const MOST_LINES = 400;

test('a pass over 6,000 peers without entries restores all entries, and writes some hundred lines', async (t) => {
  const gateway = await Gateway.create(123);
  t.after(() => gateway.close());
  await gateway.configure({}, { max_peers: PEERS });
  const keys = Array.from({ length: PEERS }, makeKey);
  const peers = keys.map(
    (key) => `[Peer]\nPublicKey = ${key}\nAllowedIPs = ${listHoldings(gateway, key)[0]?.split(' ')[2]}\n`,
  );
  const file = `/run/${gateway.wireguard()}.conf`;
  await writeFile(file, peers.join(''));
  const start = performance.now();
  await gateway.run('wg', 'addconf', gateway.wireguard(), file);
  t.diagnostic(`the peers were made in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  // They are wgkex's: an upgrade takes over existing peers.
  await sh('install', '-d', `/run/wgkex/${gateway.namespace}`);
  await writeFile(`/run/wgkex/${gateway.namespace}/ffww01.adopt`, '');

  const began = performance.now();
  const { stderr, exitCode } = await gateway.cleanUp();
  const lines = stderr.split('\n');
  t.diagnostic(`the pass took ${((performance.now() - began) / 1000).toFixed(1)} s and wrote ${lines.length} lines`);
  assert.equal(exitCode, 0, stderr.slice(-2000));
  assert.equal((await gateway.entries()).length, 2 * PEERS);
  assert.match(stderr, new RegExp(`"marked":${PEERS},`));
  assert.ok(lines.length <= MOST_LINES, `${lines.length} lines`);
});
