import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { postAsFirmware } from '../../lab/firmware.ts';
import { GATEWAY_LINK_ADDRESS, Gateway } from '../../lab/gateway.ts';
import { FAMILIES } from '../../lab/network.ts';
import { Router } from '../../lab/router.ts';

const V1 = '/api/v1/wg/key/exchange';
const V2 = '/api/v2/wg/key/exchange';
const NAME = 'gw1.example.org';
const PORT = 80;
const SETTINGS = { gateway: { name: NAME }, http: { listen: [`[::]:${PORT}`] } };

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(74);
  await gateway.configure(SETTINGS);
  // In the field wgkex-http.socket opens a port below 1024.
  await gateway.run('sysctl', '--quiet', '--write', `net.ipv4.ip_unprivileged_port_start=${PORT}`);
  await gateway.start();
});
after(() => gateway.close());

describe('over HTTP a router', { timeout: 120_000 }, () => {
  for (const [index, family] of FAMILIES.entries())
    test(`with v2 and ${family} gets its tunnel to the endpoint in its reply, and an answer through it`, async () => {
      const router = await Router.create(gateway, index + 1);
      await name(router, family === 'IPv4' ? gateway.address : gateway.segment.ipv6('0::1'));
      const { Endpoint } = (await ask(router, NAME, V2)) as { Endpoint: Record<string, string | string[]> };
      const { Address, Port, PublicKey, AllowedIPs } = Endpoint;
      assert.equal(Address, NAME);
      const linkAddress = String(AllowedIPs);
      await router.dial({ host: String(Address), port: String(Port), publicKey: String(PublicKey), linkAddress });
      await router.connected();
      await router.ping();
      const inside = `${linkAddress}%${router.wireguard}`;
      assert.match(await speak(router, 'get', inside, String(PORT), '/'), /wgkex/);
    });

  test('with v1 gets its tunnel', async () => {
    const router = await Router.create(gateway, 3);
    assert.deepEqual(await ask(router, gateway.address, V1), { Message: 'OK', status: 'OK' });
    await router.up();
    await router.connected();
    await router.ping();
    await router.pingFromGateway();
  });

  test('is refused with its code', async () => {
    const at = { host: gateway.address, port: PORT, path: V2 };
    await assert.rejects(postAsFirmware(at, { domain: 'ffww09', public_key: makeKey() }), /400: .*INVALID_DOMAIN/);
    const own = await gateway.publicKey();
    await assert.rejects(postAsFirmware(at, { domain: 'ffww01', public_key: own }), /403: .*PROHIBITED_WGKEY/);
  });

  test('gets a changed port and link address with its next answer', async () => {
    const port = String(gateway.wireguardPort() + 1000);
    await gateway.run('wg', 'set', gateway.wireguard(), 'listen-port', port);
    await gateway.run('ip', 'address', 'delete', `${GATEWAY_LINK_ADDRESS}/64`, 'dev', gateway.wireguard());
    await gateway.run('ip', 'address', 'add', 'fe80::77/64', 'dev', gateway.wireguard(), 'nodad');
    const at = { host: gateway.address, port: PORT, path: V2 };
    const { Endpoint } = (await postAsFirmware(at, { domain: 'ffww01', public_key: makeKey() })) as {
      Endpoint: Record<string, unknown>;
    };
    assert.deepEqual([Endpoint['Port'], Endpoint['AllowedIPs']], [port, ['fe80::77']]);
  });

  test('never gets OK by v2 while the interface has no link-local address, and the journal says why', async () => {
    await gateway.run('ip', 'address', 'delete', 'fe80::77/64', 'dev', gateway.wireguard());
    const at = { host: gateway.address, port: PORT, path: V2 };
    await assert.rejects(postAsFirmware(at, { domain: 'ffww01', public_key: makeKey() }), /503: .*FAILED/);
    assert.match(gateway.listener?.stderr ?? '', /has no link-local address/);
  });
});

function ask(router: Router, host: string, path: string): Promise<unknown> {
  const fields = JSON.stringify({ domain: 'ffww01', public_key: router.key });
  return speak(router, 'post', host, String(PORT), path, fields).then((text) => JSON.parse(text));
}

/** From the router's own namespace. */
function speak(router: Router, ...words: string[]): Promise<string> {
  return router.run('node', '--import', 'tsx', 'lab/firmware-command.ts', ...words);
}

/** The router resolves the gateway's name to this address. */
async function name(router: Router, address: string): Promise<void> {
  await mkdir(`/etc/netns/${router.namespace}`, { recursive: true });
  await writeFile(`/etc/netns/${router.namespace}/hosts`, `127.0.0.1 localhost\n${address} ${NAME}\n`);
}
