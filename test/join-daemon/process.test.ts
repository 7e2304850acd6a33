import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MANNERS, startGateway } from './gateways.ts';
import { HELPER, Scene, SHORT, until } from './scene.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

describe('the process of a client', { concurrency: true }, () => {
  test('has one timer at rest, and no connection', async (t) => {
    const { scene, start } = await prepare(t, { look: 60 });
    const { child, output } = start();
    await until(() => scene.state?.doing === 'up', output);
    child.kill('SIGUSR2');
    await until(() => output().includes(']'), output);
    const active = JSON.parse(/\[.*\]/.exec(output())?.[0] ?? '[]') as string[];
    assert.equal(active.filter((kind) => kind === 'Timeout').length, 1, `${active}`);
    assert.equal(
      active.some((kind) => /TCP|UDP|GetAddrInfo|FSReq/.test(kind)),
      false,
      `${active}`,
    );
  });

  test('takes the tunnel down at SIGTERM, and ends with status 0', async (t) => {
    const { scene, start } = await prepare(t);
    const { child, output } = start();
    await until(() => scene.state?.doing === 'up', output);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    assert.equal(scene.kernel['isUp'], false);
    assert.match(output(), /"msg":"tunnel down"/);
  });

  for (const hangs of [['down'], ['look', 'down']])
    test(`ends in time with status 0 at SIGTERM, although wgkex-tunnel does not answer ${hangs.join(' or ')}`, async (t) => {
      const { scene, start } = await prepare(t, { helper: 60, stop: 0.5 });
      const { child, output } = start();
      await until(() => scene.state?.doing === 'up', output);
      const asked = scene.requests.length;
      scene.change({ hangs });
      await until(() => scene.requests.length > asked, output);
      child.kill('SIGTERM');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      assert.match(output(), /"reason":"wgkex-tunnel has not taken the tunnel down and ended within 0\.5 s"/);
      assert.equal(scene.state?.doing, 'stopped');
    });

  test('costs nobody their tunnel when it is killed and started again', async (t) => {
    const { scene, gateway, start } = await prepare(t);
    const first = start();
    await until(() => scene.state?.doing === 'up', first.output);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    assert.equal(scene.kernel['isUp'], true);
    const second = start();
    await until(() => second.output().includes('tunnel adopted'), second.output);
    assert.equal(gateway.exchanges.length, 1);
  });

  test('ends with status 78 and one line if root’s file cannot be read', async (t) => {
    const { scene, start } = await prepare(t);
    writeFileSync(join(scene.directory, 'members.toml'), 'gateways = []\n');
    const { child, output } = start();
    assert.deepEqual(await once(child, 'exit'), [78, null]);
    assert.match(output(), /^wgkex-join: [^\n]*members\.toml: [^\n]*\n$/);
  });
});

async function prepare(t: TestContext, times = {}) {
  const scene = new Scene(t);
  const gateway = await startGateway(t, MANNERS.good());
  scene.change({ alive: [`${gateway.on} udp`] });
  writeFileSync(join(scene.directory, 'members.toml'), `gateways = ["${gateway.on}"]\ndomain = "members"\n`);
  const options = {
    helper: [process.execPath, HELPER, scene.directory],
    instanceDirectory: scene.directory,
    runtimeDirectory: scene.directory,
    times: { ...SHORT, ...times },
  };
  const start = (): { child: ChildProcess; output: () => string } => {
    const words = ['--import', 'tsx', MAIN, 'members', JSON.stringify(options)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        text += chunk;
      });
    scene.atEnd(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    return { child, output: () => text };
  };
  return { scene, gateway, start };
}
