import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { chooseMoments, findProgramMoments, type Moment } from '../../lab/kills.ts';
import { ADDRESSES, FAR, TunnelScene } from '../../lab/tunnels.ts';
import type { Tunnel } from '../../src/core/client/tunnel-plan.ts';

/** Every eighth moment is tried, unless KILLS=all is in the environment. */
const ONE_IN = 8;

describe('after a kill between two effects', { concurrency: 2 }, () => {
  for (const { what, number, least, from, to } of [
    { what: 'of a first call', number: 39, least: 30, from: () => undefined, to: takeAll },
    { what: 'of a change of gateway and addresses', number: 40, least: 8, from: takeAll, to: takeLess },
    { what: 'of a change from all traffic to split routes', number: 41, least: 20, from: takeAll, to: split },
    { what: 'of a change from a proxy to all traffic', number: 42, least: 20, from: serveProxy, to: takeAll },
    { what: 'of the end', number: 43, least: 15, from: takeAll, to: () => undefined },
  ] as const)
    test(`${what}, the next call does it, or undoes it`, async (t) => {
      const { scene } = await createScene(t, number);
      const [before, after] = [from(scene), to(scene)];
      const undo = after === undefined ? before : undefined;
      const [expected, undone] = [await readState(scene, after), await readState(scene, undo)];
      await become(scene, before);
      const act = (strace: readonly string[]) => call(scene, after, strace);
      const moments = await findProgramMoments(scene, 'caller', act);
      assert.ok(moments.length >= least, moments.map(({ name }) => name).join('\n'));
      const isWatched = before?.traffic === 'all' && after?.traffic === 'all';
      const survive = async ({ strike }: Moment, repair: Tunnel | undefined, state: string) => {
        await become(scene, before);
        await scene.strays();
        assert.equal((await strike(act)).signal, 'SIGKILL');
        if (isWatched) await assertNoStrays(scene);
        await become(scene, repair);
        assert.equal(await scene.state(), state);
      };
      for (const moment of chooseMoments(moments, ONE_IN))
        await t.test(`${moment.name}; done again`, () => survive(moment, after, expected));
      for (const moment of chooseMoments(moments, ONE_IN))
        await t.test(`${moment.name}; undone`, () => survive(moment, undo, undone));
    });

  test('a first call whose program is killed leaves nothing', async (t) => {
    const { scene, nothing } = await createScene(t, 44);
    const act = (strace: readonly string[]) => call(scene, takeAll(scene), strace);
    for (const { name, strike } of await findProgramMoments(scene, 'program', act))
      await t.test(name, async () => {
        await become(scene, undefined);
        const { exitCode, stderr } = await strike(act);
        if (exitCode === 0) return assert.match(name, /^ip -batch -, with/);
        assert.match(stderr, /^ProgramError: Cannot run .*SIGKILL/);
        assert.equal(await scene.state(), nothing);
      });
  });
});

async function createScene(t: TestContext, number: number) {
  const scene = await TunnelScene.create(number);
  t.after(() => scene.close());
  return { scene, nothing: await scene.state() };
}

async function readState(scene: TunnelScene, tunnel: Tunnel | undefined): Promise<string> {
  await become(scene, tunnel);
  return scene.state();
}

function takeAll(scene: TunnelScene): Tunnel {
  return scene.tunnel('all');
}

function takeLess(scene: TunnelScene): Tunnel {
  return scene.tunnel('all', { addresses: { ...ADDRESSES, address6: undefined }, mtu: 1300 }, 2);
}

function split(scene: TunnelScene): Tunnel {
  return scene.tunnel('routes');
}

function serveProxy(scene: TunnelScene): Tunnel {
  return scene.tunnel('proxy');
}

function call(scene: TunnelScene, tunnel: Tunnel | undefined, strace: readonly string[] = []) {
  return tunnel === undefined ? scene.call('down', scene.name, strace) : scene.call('up', tunnel, strace);
}

async function become(scene: TunnelScene, tunnel: Tunnel | undefined): Promise<void> {
  const { exitCode, stderr } = await call(scene, tunnel);
  assert.equal(exitCode, 0, stderr);
}

async function assertNoStrays(scene: TunnelScene): Promise<void> {
  for (const address of Object.values(FAR)) await scene.send(address);
  assert.deepEqual(await scene.strays(), []);
}
