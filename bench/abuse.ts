// What a gateway and its routers notice of abuse: `npm run bench:abuse`, in a lab; with `-- NAME...` only some cases.
// The last result of all of them is in bench/results.
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { type AbuseCase, CASES, type Figures } from './abuse/cases.ts';
import { drawMemory } from './abuse/chart.ts';
import { type CaseReport, print, summarise } from './abuse/report.ts';
import { Scene } from './abuse/scene.ts';

const RESULTS = new URL('results/', import.meta.url);

const names = process.argv.slice(2);
const cases = CASES.filter(({ name }) => names.length === 0 || names.includes(name));
const reports: CaseReport[] = [];
for (const [index, abuse] of cases.entries()) {
  console.error(`${abuse.name}: ${abuse.what}`);
  reports.push(await show(abuse, index + 1));
}
print(reports);
if (names.length === 0) await keep(reports);

async function show({ name, what, run }: AbuseCase, number: number): Promise<CaseReport> {
  const scene = await Scene.set(number);
  let abuser: Figures = {};
  const witness = await scene.witness(async () => {
    abuser = await run(scene);
  });
  await scene.close();
  return summarise(name, what, abuser, witness);
}

async function keep(all: readonly CaseReport[]): Promise<void> {
  const machine = { cores: cpus().length, kernel: release(), node: process.version };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL('abuse.json', RESULTS), `${JSON.stringify({ machine, cases: all }, null, 1)}\n`);
  await writeFile(new URL('abuse.svg', RESULTS), drawMemory(all));
}
