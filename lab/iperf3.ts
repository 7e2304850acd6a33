import { fileURLToPath } from 'node:url';
import { eventually, shIn, startIn } from './commands.ts';
import { GATEWAY_INSIDE, type RelayScene } from './relay.ts';

/** Where `bin/unpack` puts it and its libraries. */
const PROGRAMS = fileURLToPath(new URL('../node_modules/.cache/iperf3', import.meta.url));
const IPERF3 = ['env', `LD_LIBRARY_PATH=${PROGRAMS}`, `${PROGRAMS}/iperf3`];
/** On top of its time, for a busy machine. */
const PATIENCE_SECONDS = 20;
const DELIVERY_SECONDS = 60;

/** What arrived. */
export interface Transfer {
  readonly megabits: number;
  readonly bytes: number;
}

/** Sends this many bytes from the far machine to the gateway; rejects unless that takes less than a minute. */
export async function deliver(scene: RelayScene, bytes: number, ...options: string[]): Promise<void> {
  await run(scene, DELIVERY_SECONDS, '--bytes', String(bytes), ...options);
}

/** Sends for some seconds from the far machine to the gateway; all zero where it never began. */
export async function transfer(scene: RelayScene, seconds: number, ...options: string[]): Promise<Transfer> {
  const words = ['--time', String(seconds), '--json', ...options];
  const printed = await run(scene, seconds + PATIENCE_SECONDS, ...words).catch(() => '{}');
  const { sum_received, sum } = JSON.parse(printed).end ?? {};
  const received = sum_received ?? sum;
  return { megabits: (received?.bits_per_second ?? 0) / 1e6, bytes: received?.bytes ?? 0 };
}

/** With a server of its own: one that serves several clients resets a client that connects too early. */
async function run(scene: RelayScene, seconds: number, ...words: string[]): Promise<string> {
  const server = startIn(scene.gateway, ...IPERF3, '--server', '--one-off', '--forceflush');
  try {
    await eventually('iperf3 listens', () => server.stdout.includes('Server listening'));
    return await shIn(scene.far, 'timeout', String(seconds), ...IPERF3, '--client', GATEWAY_INSIDE, ...words);
  } finally {
    await server.stop();
  }
}
