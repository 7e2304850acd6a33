import { findMedian } from '../../../core/client/choice.ts';
import type { HostPort } from '../../../core/values/host-port.ts';
import { within } from '../time-limit.ts';
import { connectFirst } from './connect.ts';
import type { Names } from './names.ts';

const CONNECTIONS = 3;

interface Around {
  readonly names: Names;
  readonly seconds: number;
  readonly stopping: AbortSignal;
}

/** The median of three connection times for each gateway in milliseconds; undefined for one that did not answer. */
export async function sampleTimes<T extends HostPort>(
  gateways: readonly T[],
  around: Around,
): Promise<Map<T, number | undefined>> {
  const times = await Promise.all(gateways.map((gateway) => timeGateway(gateway, around)));
  around.stopping.throwIfAborted();
  return new Map(gateways.map((gateway, index) => [gateway, times[index]]));
}

async function timeGateway(
  { host, port }: HostPort,
  { names, seconds, stopping }: Around,
): Promise<number | undefined> {
  const times: number[] = [];
  await within(seconds, stopping, new Error('too late to count'), async (signal) => {
    let addresses = await names.resolve(host, signal);
    for (let connection = 0; connection < CONNECTIONS; connection++) {
      const began = performance.now();
      const { socket, address } = await connectFirst({ host, port, addresses }, signal);
      socket.destroy();
      times.push(performance.now() - began);
      // The other addresses would only cost their head start again.
      addresses = [address];
    }
  }).catch(() => {
    // An attempt with this gateway will say why.
  });
  return findMedian(times);
}
