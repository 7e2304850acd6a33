import { readdirSync, readFileSync } from 'node:fs';

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
      handler: readResidentBytes(findOnlyChild(this.#listener)),
    });
  }
}

/** sudo has become the handler, so that it is the listener's own child. */
function findOnlyChild(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  if (children.length !== 1) throw new Error(`The listener has ${children.length} children: expected the handler`);
  return Number(children[0]);
}

function readResidentBytes(pid: number): number {
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s*(\d+) kB$/m) ?? [];
  return Number(kilobytes) * 1024;
}
