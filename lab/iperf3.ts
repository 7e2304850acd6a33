import { fileURLToPath } from 'node:url';
import { shIn } from './commands.ts';

/** Where `bin/unpack` puts it and its libraries. */
const PROGRAMS = fileURLToPath(new URL('../node_modules/.cache/iperf3', import.meta.url));

/** On top of its time, for a busy machine. */
const PATIENCE_SECONDS = 20;

/** Words that run it. */
export const IPERF3 = ['env', `LD_LIBRARY_PATH=${PROGRAMS}`, `${PROGRAMS}/iperf3`] as const;

/** What arrived. */
export interface Transfer {
  readonly megabits: number;
  readonly bytes: number;
}

/** Sends for some seconds from a namespace to a host where `iperf3 --server` runs; all zero where it never began. */
export async function transfer(
  namespace: string,
  host: string,
  seconds: number,
  ...options: string[]
): Promise<Transfer> {
  const words = ['--client', host, '--time', String(seconds), '--json', ...options];
  const printed = await shIn(namespace, 'timeout', String(seconds + PATIENCE_SECONDS), ...IPERF3, ...words).catch(
    () => '{}',
  );
  const { sum_received, sum } = JSON.parse(printed).end ?? {};
  const received = sum_received ?? sum;
  return { megabits: (received?.bits_per_second ?? 0) / 1e6, bytes: received?.bytes ?? 0 };
}
