// Measures how abuse affects a gateway and its routers: `npm run bench:abuse`, in a lab; with `-- NAME...` only some
// cases. The last result of all of them is in bench/results.
import { mkdir, writeFile } from 'node:fs/promises';
import { type AbuseCase, CASES, NEWCOMERS } from './abuse/cases.ts';
import { drawMemory } from './abuse/chart.ts';
import type { FarRouter } from './abuse/far-router.ts';
import type { Figures } from './abuse/figures.ts';
import { type AbuseReport, type CaseReport, print, summarise } from './abuse/report.ts';
import { Scene } from './abuse/scene.ts';
import { describeMachine } from './results.ts';

const RESULTS = new URL('results/', import.meta.url);

const names = process.argv.slice(2);
const report = await showAll(CASES.filter(({ name }) => names.length === 0 || names.includes(name)));
print(report);
if (names.length === 0) await keep(report);

/** One after the other on the same gateway, so that the next one shows everything that one of them leaves behind. */
async function showAll(some: readonly AbuseCase[]): Promise<AbuseReport> {
  const machine = describeMachine();
  const scene = await Scene.set();
  const cases: CaseReport[] = [];
  for (const abuse of some) {
    console.error(`${abuse.name}: ${abuse.what}`);
    cases.push(await show(abuse, scene));
  }
  return { machine, cases, memory: await scene.close() };
}

async function show({ name, what, run, arrivals = NEWCOMERS }: AbuseCase, scene: Scene): Promise<CaseReport> {
  let abuser: Figures = {};
  const routers: FarRouter[] = [];
  for (const { milliseconds, privateKey } of arrivals) routers.push(await scene.addFarRouter(milliseconds, privateKey));
  const witness = await scene.witness(routers, async () => {
    abuser = await run(scene, routers);
  });
  return summarise(name, what, abuser, witness);
}

async function keep(all: AbuseReport): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL('abuse.json', RESULTS), `${JSON.stringify(all)}\n`);
  await writeFile(new URL('abuse.svg', RESULTS), drawMemory(all));
}
