import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { eventually, pause } from '../../lab/commands.ts';
import { EXCHANGE_PORT, type Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { createGateway, grantOnAll, INSIDE, silence } from '../../lab/join/gateways.ts';
import { Scene } from '../../lab/join/scene.ts';

const SKIP = { skip: IS_ROOT_ALONE && 'there is no sudo where root is the only user' };
/** 180 s without a handshake, up to 60 s until the look, and the time for another gateway. */
const MOVES_SECONDS = 180 + 60 + 20;
/** After a sleep a minute is enough. */
const MOVES_AFTER_SLEEP_SECONDS = 60 + 60 + 20;
const LOOK_SECONDS = 60;
const SLEPT_SECONDS = 600;
const DAY_SECONDS = 86_400;

describe('a tunnel that is ill', { ...SKIP, concurrency: 4 }, () => {
  test('moves to another gateway when its own goes silent, and comes back to rest', async (t) => {
    const { machine, used, other } = await createTunnel(t, { home: 121, gateways: [20, 21], isQuiet: true });
    await silence(used.namespace);
    const start = performance.now();
    await machine.logs('tunnel ill', { on: nameOf(used) }, MOVES_SECONDS);
    await eventually('it moves', () => machine.find('tunnel up', { on: nameOf(other) }).length > 0, 20);
    t.diagnostic(`moved after ${((performance.now() - start) / 1000).toFixed()} s`);
    await machine.reaches(INSIDE, 5);
    const { length } = machine.log;
    await pause(10_000);
    assert.deepEqual(machine.log.slice(length), []);
    assert.equal((await machine.findPeer())?.key, await other.publicKey());
  });

  test('moves within two minutes if the machine slept', async (t) => {
    const { machine, used, other } = await createTunnel(t, { home: 122, gateways: [22, 23], hasOwnClock: true });
    await silence(used.namespace);
    machine.sleep(SLEPT_SECONDS);
    const start = performance.now();
    await machine.logs('tunnel up', { on: nameOf(other) }, MOVES_AFTER_SLEEP_SECONDS);
    t.diagnostic(`moved after ${((performance.now() - start) / 1000).toFixed()} s`);
    await machine.reaches(INSIDE, 5);
  });

  test('is not what a machine has that slept and finds its gateway again', async (t) => {
    const { machine } = await createTunnel(t, { home: 123, gateways: [24], hasOwnClock: true });
    machine.sleep(SLEPT_SECONDS);
    await pause((LOOK_SECONDS + 10) * 1000);
    assert.deepEqual(machine.find('tunnel ill'), []);
    await machine.reaches(INSIDE, 5);
  });

  for (const [index, days] of [1, -1].entries())
    test(`is not what a clock makes that is set by ${days} days`, async (t) => {
      const { machine, shift } = await createTunnel(t, { home: 124 + index, gateways: [25 + index] });
      await shift(days * DAY_SECONDS);
      await pause((LOOK_SECONDS + 10) * 1000);
      assert.deepEqual([machine.find('tunnel ill'), machine.find('tunnel down')], [[], []]);
      await machine.reaches(INSIDE, 5);
    });
});

interface Setup {
  /** The numbers of the networks. */
  readonly home: number;
  readonly gateways: readonly number[];
  /** Of sleep, which the test sets. */
  readonly hasOwnClock?: boolean;
  /** Nothing comes through the tunnel after its handshake: its silence is the sooner noticed. */
  readonly isQuiet?: boolean;
}

/** A machine with a tunnel, which has carried a ping unless it is to be quiet. */
async function createTunnel(t: TestContext, { home, gateways, hasOwnClock = false, isQuiet = false }: Setup) {
  const scene = await Scene.create(home);
  t.after(() => scene.close());
  const all: Gateway[] = [];
  for (const number of gateways) all.push(scene.add(await createGateway(number)));
  const machine = await scene.addMachine(
    await grantOnAll(all),
    all.map(({ address }) => address),
  );
  if (hasOwnClock) await machine.openClock();
  const shiftFile = machine.file('/shift');
  await writeFile(shiftFile, '0');
  const clock = `import{readFileSync}from'node:fs';Date.now=(now=>()=>now()+readFileSync('${shiftFile}','utf8')*1e3)(Date.now)`;
  await machine.start({ node: [`--import=data:text/javascript,${clock}`] });
  const { on } = await machine.logs('tunnel up');
  if (!isQuiet) await machine.reaches(INSIDE);
  const used = all.find((gateway) => nameOf(gateway) === on);
  const other = all.find((gateway) => nameOf(gateway) !== on) ?? used;
  assert.ok(used !== undefined && other !== undefined);
  return {
    machine,
    used,
    other,
    /** Sets the clock forward by these seconds, or back. */
    shift: (seconds: number) => writeFile(shiftFile, String(seconds)),
  };
}

function nameOf({ address }: Gateway): string {
  return `${address}:${EXCHANGE_PORT}`;
}
