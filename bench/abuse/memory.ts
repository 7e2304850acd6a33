import { readdirSync, readFileSync } from 'node:fs';
import { sum } from '../statistics.ts';

/** Resident memory of both long-lived parts, in bytes. */
export interface MemorySample {
  /** Since the curve was begun. */
  readonly seconds: number;
  readonly listener: number;
  readonly handler: number;
}

const SAMPLE_MILLISECONDS = 500;

/** Samples a listener and its handler until it is stopped. */
export class MemoryCurve {
  readonly #samples: MemorySample[] = [];
  readonly #listener: number;
  readonly #begin = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(listener: number) {
    this.#listener = listener;
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MILLISECONDS);
  }

  /** Since the curve was begun. */
  get seconds(): number {
    return Math.round((performance.now() - this.#begin) / 100) / 10;
  }

  stop(): readonly MemorySample[] {
    clearInterval(this.#timer);
    this.#sample();
    return this.#samples;
  }

  #sample(): void {
    this.#samples.push({
      seconds: this.seconds,
      listener: readResidentBytes(this.#listener),
      handler: sum(findChildren(this.#listener).map(readResidentBytes)),
    });
  }
}

/** sudo has become the handler, so that it is the listener's own child; for a moment there are two, or none. */
function findChildren(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

function readResidentBytes(pid: number): number {
  const [, kilobytes = 0] = readStatus(pid).match(/^VmRSS:\s*(\d+) kB$/m) ?? [];
  return Number(kilobytes) * 1024;
}

/** Empty where the process is gone meanwhile. */
function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
