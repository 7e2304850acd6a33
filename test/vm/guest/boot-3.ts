import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  awaitOtherClient,
  connectMachines,
  joinFleet,
  makeGateway,
  setUpBroker,
  watchOtherMachineReboot,
} from './fleet.ts';
import { FleetClient } from './fleet-client.ts';
import { HAS_BROKER } from './fleet-plan.ts';
import { attempt } from './machine.ts';

test('the commands of docs/fleet.md make a fleet of two machines', async () => {
  await connectMachines();
  await makeGateway();
  if (HAS_BROKER) await setUpBroker();
  await joinFleet();
  const { exitCode, output } = await attempt('wgkex fleet');
  assert.equal(exitCode, 0, output);
});

test('while the machine with the broker reboots, a router each second gets its tunnel, and no OK is false', async (context) => {
  const client = new FleetClient();
  if (!HAS_BROKER) await watchOtherMachineReboot(client);
  await awaitOtherClient(client);
  client.stop();
  context.diagnostic(String(client));
});
