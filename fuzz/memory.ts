import assert from 'node:assert/strict';

interface Sample {
  readonly inputs: number;
  readonly megabytes: number;
}

/** What a process that does the same all the time may gain or lose between two collections of its garbage. */
const NOISE_MEGABYTES = 24;
/** Caches fill and code is compiled. */
const WARM_UP_INPUTS = 50_000;

/** What a process had in memory in the course of a campaign. */
export class MemoryCurve {
  readonly #name: string;
  readonly #samples: Sample[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  add(inputs: number, megabytes: number): void {
    this.#samples.push({ inputs, megabytes });
  }

  /** The least of the last quarter must be no more than the least of the one after the warm-up. */
  requireFlat(): void {
    const warm = this.#samples.filter(({ inputs }) => inputs > WARM_UP_INPUTS);
    const quarter = Math.floor(warm.length / 4);
    if (quarter === 0) return;
    const [before, after] = [warm.slice(0, quarter), warm.slice(-quarter)].map(findLeast);
    const gain = (after ?? 0) - (before ?? 0);
    assert.ok(gain <= NOISE_MEGABYTES, `${this.#name} has gained ${gain.toFixed(1)} MB since it was warm`);
  }

  toString(): string {
    return `${this.#name} ${(this.#samples.at(-1)?.megabytes ?? 0).toFixed(0)} MB`;
  }
}

function findLeast(samples: readonly Sample[]): number {
  return Math.min(...samples.map(({ megabytes }) => megabytes));
}
