// `npm run bench`: the shell service that wgkex replaces, wgkex, and what Node alone can do, one after the other under
// the same load, on real interfaces. Must be run by bin/lab, which makes the machine for it.
import { mkdir, writeFile } from 'node:fs/promises';
import { Gateway } from '../test/lab/gateway.ts';
import { renderChart } from './chart.ts';
import { LoadGenerator } from './load.ts';
import { measureFootprints, measureRates, measureStorms, measureWithPeers, type Subjects } from './plan.ts';
import { describeMachine, type Results } from './results.ts';
import { createLimit } from './servers/limit.ts';
import { createOld } from './servers/old.ts';
import { createWgkex } from './servers/wgkex.ts';
import { renderResults, renderTargets } from './tables.ts';
import { evaluateTargets } from './targets.ts';

const DIRECTORY = 'bench/results';

async function main(): Promise<void> {
  if (process.env['LAB_PID'] === undefined) throw new Error('this is not a lab: expected `npm run bench`');
  const results = await measure();
  const targets = evaluateTargets(results);
  await mkdir(DIRECTORY, { recursive: true });
  await writeFile(`${DIRECTORY}/latest.json`, `${JSON.stringify({ ...results, targets }, null, 2)}\n`);
  await writeFile(`${DIRECTORY}/latest.svg`, renderChart(results));
  console.log(`${renderResults(results)}\n\n${renderTargets(targets)}`);
}

async function measure(): Promise<Results> {
  const [ours, theirs] = [await Gateway.create(1), await Gateway.create(2)];
  const subjects: Subjects = {
    load: new LoadGenerator(),
    old: await createOld(theirs),
    wgkex: await createWgkex(ours),
    limit: await createLimit(ours.segment),
  };
  const servers = [subjects.old, subjects.wgkex, subjects.limit];
  for (const server of servers) await server.start();
  const rates = await measureRates(subjects);
  const results: Results = {
    machine: describeMachine(),
    wireguard: subjects.wgkex.wireguardPid === undefined ? 'kernel' : 'wireguard-go',
    rates,
    storms: await measureStorms(subjects),
    withPeers: await measureWithPeers(subjects),
    ...(await measureFootprints(subjects)),
  };
  for (const server of servers) await server.stop();
  subjects.load.stop();
  await Promise.all([ours.close(), theirs.close()]);
  return results;
}

await main();
