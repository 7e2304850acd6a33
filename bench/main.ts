// `npm run bench`: the shell service that wgkex replaces, wgkex, and what Node alone can do, one after the other under
// the same load, on real interfaces. With `-- --against REVISION`, once or more, also other revisions of this
// repository, each in turns with this one; with `-- --quick` one short round, of which nothing is kept. Must be run by bin/lab, which makes the
// machine for it.
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Gateway } from '../lab/gateway.ts';
import { renderChart } from './chart.ts';
import { LoadGenerator } from './load.ts';
import {
  FULL,
  measureBuilds,
  measureFootprints,
  measureHttp,
  measureRates,
  measureStorms,
  measureWithPeers,
  type Plan,
  QUICK,
  type Subjects,
} from './plan.ts';
import { type Builds, describeMachine, type Results } from './results.ts';
import { buildRevision } from './revision.ts';
import { createHttpLimit, createLimit } from './servers/limit.ts';
import { createOld } from './servers/old.ts';
import { createWgkex } from './servers/wgkex.ts';
import { renderResults, renderTargets } from './tables.ts';
import { evaluateTargets } from './targets.ts';

const DIRECTORY = 'bench/results';

async function main(): Promise<void> {
  if (process.env['LAB_PID'] === undefined) throw new Error('this is not a lab: expected `npm run bench`');
  const { values } = parseArgs({
    options: { against: { type: 'string', multiple: true, default: [] }, quick: { type: 'boolean', default: false } },
  });
  const results = await measure(values.quick ? QUICK : FULL, values.against);
  const targets = evaluateTargets(results);
  console.log(`${renderResults(results)}\n\n${renderTargets(targets)}`);
  if (values.quick) return;
  await mkdir(DIRECTORY, { recursive: true });
  await writeFile(`${DIRECTORY}/latest.json`, `${JSON.stringify({ ...results, targets }, null, 2)}\n`);
  await writeFile(`${DIRECTORY}/latest.svg`, renderChart(results));
}

async function measure(plan: Plan, against: readonly string[]): Promise<Results> {
  const machine = describeMachine();
  const [ours, theirs, web] = [await Gateway.create(1), await Gateway.create(2), await Gateway.create(4)];
  const subjects: Subjects = {
    load: new LoadGenerator(),
    old: await createOld(theirs),
    wgkex: await createWgkex(ours, 'wgkex', '.'),
    limit: await createLimit(ours.segment),
    http: await createWgkex(web, 'http', '.', 'http'),
    httpLimit: await createHttpLimit(ours.segment),
  };
  const builds: Builds[] = [];
  for (const revision of against) builds.push(await compareBuilds(subjects, revision, plan));
  const servers = [subjects.old, subjects.wgkex, subjects.limit, subjects.http, subjects.httpLimit];
  for (const server of servers) await server.start();
  const rates = await measureRates(subjects, plan);
  const results: Results = {
    machine,
    wireguard: subjects.wgkex.wireguardPid === undefined ? 'kernel' : 'wireguard-go',
    builds,
    rates,
    http: await measureHttp(subjects, plan),
    storms: await measureStorms(subjects, plan),
    withPeers: await measureWithPeers(subjects, plan),
    ...(await measureFootprints(subjects, plan)),
  };
  for (const server of servers) await server.stop();
  subjects.load.stop();
  await Promise.all([ours.close(), theirs.close(), web.close()]);
  return results;
}

async function compareBuilds(subjects: Subjects, revision: string, plan: Plan): Promise<Builds> {
  const { name, directory } = await buildRevision(revision);
  const gateway = await Gateway.create(3);
  const before = await createWgkex(gateway, 'before', directory);
  const servers = [before, subjects.wgkex];
  for (const server of servers) await server.start();
  const figures = await measureBuilds(subjects, before, plan);
  for (const server of servers) await server.stop();
  await gateway.close();
  return { revision: name, figures };
}

await main();
