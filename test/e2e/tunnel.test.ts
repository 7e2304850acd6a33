import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway } from '../lab/gateway.ts';
import { Router } from '../lab/router.ts';

let gateway: Gateway;
let router: Router;

before(async () => {
  gateway = await Gateway.create(1);
  await gateway.start();
  router = await Router.create(gateway, 1);
});
after(() => gateway.close());

test('a router that says its two lines gets its tunnel', async () => {
  assert.equal(await router.exchange('ffww01'), 'OK');
  await router.up();
  await router.connected();
  await router.ping();
  await router.pingFromGateway();
});
