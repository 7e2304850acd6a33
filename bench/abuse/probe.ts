import { exchange } from '../../lab/client.ts';
import { pause } from '../../lab/commands.ts';

/** A router in its own process, so that its time is not that of an abuser. */
export interface ProbeOrder {
  readonly host: string;
  readonly key: string;
  readonly sources: readonly string[];
}

export interface ProbeResult {
  readonly replies: readonly string[];
  /** From the connection to the reply. */
  readonly milliseconds: readonly number[];
}

const PAUSE_MILLISECONDS = 250;

process.once('message', async ({ host, key, sources }: ProbeOrder) => {
  const replies: string[] = [];
  const milliseconds: number[] = [];
  let isOver = false;
  process.once('message', () => {
    isOver = true;
  });
  for (let index = 0; !isOver; index++) {
    const begin = performance.now();
    const from = sources[index % sources.length] ?? '';
    replies.push((await exchange(host, 'ffww01', key, { from }).catch(String)).trim());
    milliseconds.push(performance.now() - begin);
    await pause(PAUSE_MILLISECONDS);
  }
  process.send?.({ replies, milliseconds } satisfies ProbeResult, () => process.disconnect());
});
