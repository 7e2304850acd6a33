import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Clients that each do one exchange after the other, all of them with keys of their own. */
export interface LoadOrder {
  readonly host: string;
  /** The two lines if undefined. */
  readonly door?: 'http';
  readonly clients: number;
  /** No client begins more exchanges than this in all, nor one after the end of the window. */
  readonly exchanges: number;
  /** Seconds before the window, in which replies do not count yet. */
  readonly warmUpSeconds: number;
  /** The window. */
  readonly seconds: number;
}

export type Failure = 'refused' | 'reset' | 'timed out' | 'closed without a reply' | 'wrong reply';

export interface LoadResult {
  /** From the first connection to the end of the last exchange. */
  readonly seconds: number;
  /** `OK` replies within the window. */
  readonly repliesInTime: number;
  /** Of every exchange that was answered `OK`: milliseconds from connect to the reply, in rising order. */
  readonly latencies: readonly number[];
  readonly failures: Partial<Record<Failure, number>>;
}

/** The clients: a process of its own, so that neither their time nor this one's is mixed with that of a server. */
export class LoadGenerator {
  readonly #process = fork(new URL('clients.ts', import.meta.url));

  async run(order: LoadOrder): Promise<LoadResult> {
    this.#process.send(order);
    const [result] = await once(this.#process, 'message');
    return result as LoadResult;
  }

  stop(): void {
    this.#process.disconnect();
  }
}
