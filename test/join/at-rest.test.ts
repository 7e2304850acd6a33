import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { eventually, pause } from '../../lab/commands.ts';
import { IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { createGateway, grantOnAll } from '../../lab/join/gateways.ts';
import { findProcesses, type Process } from '../../lab/join/processes.ts';
import { Scene } from '../../lab/join/scene.ts';

const skip = IS_ROOT_ALONE && 'there is no sudo where root is the only user';
/** Node tidies up a while after its start, and later on a busy machine: it has done so when nothing woke up for this long. */
const SETTLED_SECONDS = 30;
const SETTLES_SECONDS = 300;
const TRACED_SECONDS = 130;
/** strace interrupts what was waited for. */
const ATTACHING_SECONDS = 2;
const LOOK_SECONDS = 60;
/** What is closer together is one wake-up. */
const APART_SECONDS = 5;
const MINUTES_A_DAY = 1440;
const MOST_CPU_SECONDS_A_DAY = 600;
const MOST_MEMORY_MEGABYTES = 200;
/** Of the kernel's clock ticks, for a process: sysconf(_SC_CLK_TCK). */
const TICKS_A_SECOND = 100;

test('at rest nothing wakes up but for one look a minute', { skip }, async (t) => {
  const scene = await Scene.create(160);
  t.after(() => scene.close());
  const gateway = scene.add(await createGateway(60));
  const machine = await scene.addMachine(await grantOnAll([gateway]), [gateway.address]);
  await machine.start();
  await machine.logs('tunnel up');
  const processes = await findProcesses(machine);
  assert.ok(processes.length >= 2, JSON.stringify(processes));
  await settle(processes);

  const before = await readUsage(processes);
  const output = machine.file('/run/strace');
  const attached = processes.flatMap(({ pid }) => ['-p', String(pid)]);
  const strace = machine.startProgram('strace', '-f', '-ttt', '-o', output, ...attached);
  await eventually('strace is attached', () => strace.stderr.includes('attached'));
  await pause(ATTACHING_SECONDS * 1000);
  const start = Date.now() / 1000;
  await pause(TRACED_SECONDS * 1000);
  await strace.stop('SIGINT');

  const bursts = findBursts(await readFile(output, 'utf8'), start);
  t.diagnostic(bursts.map(({ at, calls }) => `${at.toFixed(1)} s: ${calls} calls`).join('; '));
  const looks = Math.floor(TRACED_SECONDS / LOOK_SECONDS);
  assert.ok(bursts.length >= looks && bursts.length <= looks + 1, JSON.stringify(bursts));
  assert.deepEqual(machine.find('tunnel ill'), []);

  const after = await readUsage(processes);
  const cpuSeconds = ((after.ticks - before.ticks) / TICKS_A_SECOND / bursts.length) * MINUTES_A_DAY;
  t.diagnostic(`${after.text}; ${cpuSeconds.toFixed()} s of processor time a day, of which strace costs some`);
  assert.ok(cpuSeconds < MOST_CPU_SECONDS_A_DAY, `${cpuSeconds}`);
  assert.ok(after.megabytes < MOST_MEMORY_MEGABYTES, after.text);
});

/** Resolves once no thread has run for a while. */
async function settle(processes: readonly Process[]): Promise<void> {
  let former = '';
  let since = Date.now();
  const isSettled = async () => {
    const now = await readSwitches(processes);
    if (now !== former) since = Date.now();
    former = now;
    return Date.now() - since > SETTLED_SECONDS * 1000;
  };
  await eventually('nothing wakes up for a while', isSettled, SETTLES_SECONDS);
}

/** How often each thread has waited for something. */
async function readSwitches(processes: readonly Process[]): Promise<string> {
  const counts: string[] = [];
  for (const { pid } of processes)
    for (const thread of await readdir(`/proc/${pid}/task`)) {
      const status = await readFile(`/proc/${pid}/task/${thread}/status`, 'utf8');
      counts.push(`${thread} ${status.match(/^voluntary_ctxt_switches:\s+(\d+)$/m)?.[1]}`);
    }
  return counts.join('\n');
}

interface Burst {
  /** Seconds since the start. */
  readonly at: number;
  readonly calls: number;
}

/** Calls that followed one another, with a pause before the first; times are seconds since 1970. */
function findBursts(trace: string, start: number): Burst[] {
  const lines = trace.split('\n').map((line) => Number(line.match(/^\d+ +(\d+\.\d+) /)?.[1]));
  const bursts: { at: number; calls: number; last: number }[] = [];
  for (const time of lines.filter((time) => time > start)) {
    const latest = bursts.at(-1);
    if (latest === undefined || time - latest.last > APART_SECONDS)
      bursts.push({ at: time - start, calls: 1, last: time });
    else Object.assign(latest, { calls: latest.calls + 1, last: time });
  }
  return bursts.map(({ at, calls }) => ({ at, calls }));
}

/** Processor time with that of programs that have ended, and memory. */
async function readUsage(processes: readonly Process[]) {
  const all = await Promise.all(
    processes.map(async ({ pid, words }) => {
      const stat = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      const megabytes = Number(status.match(/^VmRSS:\s+(\d+) kB$/m)?.[1]) / 1024;
      // proc(5): utime, stime, cutime and cstime are fields 14 to 17, and the third was the first here.
      const ticks = stat.slice(11, 15).reduce((sum, word) => sum + Number(word), 0);
      return { ticks, megabytes, text: `${words.match(/wgkex-\w+/)?.[0]} ${megabytes.toFixed()} MB` };
    }),
  );
  return {
    ticks: all.reduce((sum, { ticks }) => sum + ticks, 0),
    megabytes: all.reduce((sum, { megabytes }) => sum + megabytes, 0),
    text: all.map(({ text }) => text).join(', '),
  };
}
