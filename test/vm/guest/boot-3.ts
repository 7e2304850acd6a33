import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClientEnds, testClientIsBack, testClientSleeps } from './client.ts';
import { awaitReport, isFleetOfTwo, OTHER_MACHINE_SECONDS, watchReboot } from './fleet.ts';
import { FleetClient } from './fleet-client.ts';
import { HAS_BROKER, HERE } from './fleet-plan.ts';
import { attempt, eventually, sh } from './machine.ts';

test('after its reboot a gateway is in the fleet again by itself', async () => {
  await eventually('both machines are in the fleet', isFleetOfTwo, OTHER_MACHINE_SECONDS);
  assert.equal(await sh("systemctl list-units --failed --plain --no-legend 'wg*' 'mosquitto*'"), '');
});

testClientIsBack('after a reboot a member’s tunnel is back by itself');

test('while the other machine reboots, a client registers a router each second, and no OK is false', async (context) => {
  if (!HAS_BROKER) return context.skip('it was that one');
  await awaitReport('seen');
  await watchReboot(context);
});

if (HAS_BROKER) testClientIsBack('a member continues after a reboot of its gateway');
else testClientSleeps();

testClientEnds();

test('with the broker off, a gateway serves its own domain', async (context) => {
  if (HAS_BROKER) return context.skip('it is on this machine');
  const isOff = async () => (await attempt('nc -z -w 5 mqtt.example.org 8883')).exitCode !== 0;
  await eventually('the other machine is off', isOff, OTHER_MACHINE_SECONDS);
  const client = new FleetClient();
  client.start();
  await eventually('routers get this one', async () => client.isServedBy(HERE));
  client.stop();
  assert.deepEqual(client.lies, []);
});
