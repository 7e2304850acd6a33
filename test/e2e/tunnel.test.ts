import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway } from '../../lab/gateway.ts';
import { Router } from '../../lab/router.ts';

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(1, [{ name: 'ffww01', settings: { names: ['westerwald', 'koblenz'] } }]);
  await gateway.start();
});
after(() => gateway.close());

const ROUTERS = [
  ['the name of the domain', 'ffww01'],
  ['another name of the domain', 'koblenz'],
] as const;
for (const [index, [what, name]] of ROUTERS.entries()) {
  test(`a router that sends ${what} and its key gets its tunnel`, async () => {
    const router = await Router.create(gateway, index + 1);
    assert.equal(await router.exchange(name), 'OK');
    await router.up();
    await router.connected();
    await router.ping();
    await router.pingFromGateway();
  });
}

test('an operator may also call a domain by each of its names', async () => {
  const { peers } = JSON.parse(await gateway.run('wgkex', 'peers', 'koblenz', '--json'));
  assert.deepEqual(new Set(peers.map(({ domain }: { domain: string }) => domain)), new Set(['ffww01']));
  assert.match(await gateway.run('wgkex', 'exchange', gateway.address, 'westerwald'), /OK/);
});

test('the log and the files of a domain have its own name, whichever name routers use', async () => {
  assert.match(gateway.listener?.stderr ?? '', /"domain":"ffww01"/);
  assert.doesNotMatch(gateway.listener?.stderr ?? '', /koblenz/);
  await gateway.listener?.stop();
  const files = [...(await readdir(dirname(gateway.stateFile()))), ...(await readdir(dirname(gateway.lockFile())))];
  assert.ok(files.length > 2);
  assert.deepEqual(
    files.filter((file) => !file.startsWith('ffww01.') && !file.startsWith(`${gateway.wireguard()}.`)),
    [],
  );
});
