import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findPort, Member } from './scene.ts';

test('without [mqtt] nothing of the package and of its metrics is evaluated, and with it that is noticed', {
  timeout: 120_000,
}, async (t) => {
  const metrics = { listen: `127.0.0.1:${findPort()}` };
  assert.deepEqual(await listEvaluated(t, { metrics }, 'listening'), []);
  const evaluated = await listEvaluated(t, { metrics, mqtt: { url: ['mqtt://127.0.0.1:1'], id: 'gw1' } }, 'mqtt lost');
  assert.ok(evaluated.length > 20, `${evaluated.length}`);
  assert.ok(evaluated.includes('src/listener/metrics/fleet.ts'));
});

/** The modules of the package whose code ran, and that of its metrics. The bundle has each as a function with its path for a name. */
async function listEvaluated(t: TestContext, settings: Record<string, unknown>, isReady: string): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'wgkex-coverage-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const member = new Member('gw1');
  t.after(() => member.close());
  member.configure(settings);
  await member.start(isReady, { NODE_V8_COVERAGE: directory });
  await member.process?.stop();
  const functions = readdirSync(directory).flatMap((file) => readFunctions(join(directory, file)));
  return functions.filter((name) =>
    /^node_modules\/(mqtt|mqtt-packet)\/|^src\/listener\/metrics\/fleet\.ts$/.test(name),
  );
}

function readFunctions(file: string): string[] {
  const { result } = JSON.parse(readFileSync(file, 'utf8')) as {
    result: { functions: { functionName: string; ranges: { count: number }[] }[] }[];
  };
  return result
    .flatMap(({ functions }) => functions)
    .filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
    .map(({ functionName }) => functionName);
}
