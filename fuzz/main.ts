import { parseArgs } from 'node:util';
import { Campaign } from './campaign.ts';
import { createDecisionsTarget } from './targets/decisions.ts';
import { HandlerTarget } from './targets/handler.ts';
import { createLinesTarget } from './targets/lines.ts';
import { createReadersTarget } from './targets/readers.ts';
import { SocketTarget } from './targets/socket.ts';
import { createStreamsTarget } from './targets/streams.ts';
import type { Target } from './targets/target.ts';

const HELP = `Usage: npm run fuzz -- [--seed N] [--inputs N] [TARGET...]

Tries good inputs and such as nobody should send, and stops at the first of which something else comes than the
contract says. Takes all targets where none is named:

  lines    what clients send, as the listener reads it
  streams  what a handler is sent, as it reads it
  decisions  whom the core admits, on a simulated kernel, as the lives of a domain's keys go
  readers  what programs print, the configuration, the log
  handler  the installed handler as root, on real interfaces
  socket   the installed listener and handler, on real connections and interfaces

  --inputs N  for each target; 1000000 where nothing is said
  --seed N    of the first round: the one that was reported with a fault finds it again
`;

const TARGETS: Readonly<Record<string, (options: Options) => Promise<void>>> = {
  lines: async (options) => fuzz(createLinesTarget(), options),
  streams: async (options) => fuzz(createStreamsTarget(), options),
  decisions: async (options) => fuzz(createDecisionsTarget(), options),
  readers: async (options) => fuzz(createReadersTarget(), options),
  handler: async (options) => fuzz(await HandlerTarget.create(), options),
  socket: async (options) => fuzz(await SocketTarget.create(), options),
};

interface Options {
  readonly seed: number;
  readonly inputs: number;
}

const SEEDS = 2 ** 30;

async function fuzz<Run>(target: Target<Run>, options: Options): Promise<void> {
  console.log(`${target.name}: seed ${options.seed}`);
  try {
    const summary = await new Campaign(target).run({ ...options, report: console.log });
    console.log(`${summary}; nothing found`);
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await target.close();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, inputs: { type: 'string', default: '1000000' }, help: { type: 'boolean' } },
});
const names = positionals.length === 0 ? Object.keys(TARGETS) : positionals;
const seed = values.seed === undefined ? Math.floor(Math.random() * SEEDS) : Number(values.seed);
const inputs = Number(values.inputs);
const isUnderstood = names.every((name) => Object.hasOwn(TARGETS, name)) && [seed, inputs].every(Number.isSafeInteger);
if (values.help === true || !isUnderstood) {
  console.log(HELP);
  process.exit(isUnderstood ? 0 : 2);
}
for (const name of names) await TARGETS[name]?.({ seed, inputs });
