import { parseArgs } from 'node:util';
import { Campaign } from './campaign.ts';
import { createBodiesTarget } from './targets/bodies.ts';
import { createClientTarget } from './targets/client.ts';
import { createDecisionsTarget } from './targets/decisions.ts';
import { createFleetTarget } from './targets/fleet.ts';
import { HandlerTarget } from './targets/handler.ts';
import { createHttpTarget } from './targets/http.ts';
import { createLeasesTarget } from './targets/leases.ts';
import { createLinesTarget } from './targets/lines.ts';
import { createReadersTarget } from './targets/readers.ts';
import { createRelayTarget } from './targets/relay.ts';
import { SocketTarget } from './targets/socket.ts';
import { createStreamsTarget } from './targets/streams.ts';
import type { Target } from './targets/target.ts';

const HELP = `Usage: npm run fuzz -- [--seed N] [--inputs N] [TARGET...]

Tries good and bad inputs, and stops at the first one whose outcome the contract does not allow. Without a TARGET,
tries all targets:

  lines    input from clients, as the listener reads it
  streams  input for a handler, as the handler reads it
  decisions  histories of a domain's keys, as the core decides them, on a simulated kernel
  fleet    what a front knows of the gateways, and which one a router gets
  readers  output of programs, the configuration, the log, messages over MQTT
  relay    what both ends of a connection send through wgkex-relay
  client   what a member's client reads of a gateway, and what its two halves say to one another
  bodies   bodies of HTTP requests, as the listener reads them
  http     raw bytes on the HTTP door, on real connections
  leases   what members send on both doors, on real connections, and what their leases say to it
  handler  the installed handler as root, on real interfaces
  socket   the installed listener and handler, on real connections and interfaces

  --inputs N  the number of inputs for each target (default 1000000)
  --seed N    the seed of the first round; the seed reported with a fault finds it again
`;

const TARGETS: Readonly<Record<string, (options: Options) => Promise<void>>> = {
  lines: async (options) => fuzz(createLinesTarget(), options),
  streams: async (options) => fuzz(createStreamsTarget(), options),
  decisions: async (options) => fuzz(createDecisionsTarget(), options),
  fleet: async (options) => fuzz(createFleetTarget(), options),
  readers: async (options) => fuzz(createReadersTarget(), options),
  relay: async (options) => fuzz(createRelayTarget(), options),
  client: async (options) => fuzz(createClientTarget(), options),
  bodies: async (options) => fuzz(createBodiesTarget(), options),
  http: async (options) => fuzz(await createHttpTarget(), options),
  leases: async (options) => fuzz(await createLeasesTarget(), options),
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
    console.log(`${summary}; no faults found`);
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
