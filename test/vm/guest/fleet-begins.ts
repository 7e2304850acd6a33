import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClientIsBack, testClientJoins } from './client.ts';
import { awaitReport, connectMachines, joinFleet, makeGateway, setUpBroker, watchReboot } from './fleet.ts';
import { HAS_BROKER } from './fleet-plan.ts';
import { attempt } from './machine.ts';

/** Needs the interfaces; ends when the other machine expects that this one reboots. */
export function testFleet(): void {
  test('the commands of docs/fleet.md make a fleet of two machines', async () => {
    await connectMachines();
    await makeGateway();
    if (HAS_BROKER) await setUpBroker();
    await joinFleet();
    const { exitCode, output } = await attempt('wgkex fleet');
    assert.equal(exitCode, 0, output);
  });

  testClientJoins();

  test('while the machine with the broker reboots, a client registers a router each second, and no OK is false', async (context) => {
    if (HAS_BROKER) return awaitReport('watching');
    await watchReboot(context);
    await awaitReport('watching');
  });

  if (!HAS_BROKER) testClientIsBack('a member continues after a reboot of its gateway');
}
