import assert from 'node:assert/strict';

interface Sample {
  readonly inputs: number;
  readonly megabytes: number;
}

/** A process under a constant load may gain or lose this much between two garbage collections. */
const NOISE_MEGABYTES = 24;
/** Until then, caches fill and code is compiled. */
const WARM_UP_INPUTS = 50_000;

/** The memory of a process in the course of a campaign. */
export class MemoryCurve {
  readonly #name: string;
  readonly #samples: Sample[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  add(inputs: number, megabytes: number): void {
    this.#samples.push({ inputs, megabytes });
  }

  /** The minimum of the last quarter must not exceed that of the first quarter after the warm-up. */
  requireFlat(): void {
    const warm = this.#warm;
    const quarter = Math.floor(warm.length / 4);
    if (quarter === 0) return;
    const gain = findLeast(warm.slice(-quarter)) - findLeast(warm.slice(0, quarter));
    assert.ok(gain <= NOISE_MEGABYTES, `${this.#name} has gained ${gain.toFixed(1)} MB since its warm-up`);
  }

  toString(): string {
    const [first] = this.#warm;
    const before = first === undefined ? '' : ` (warm: ${first.megabytes.toFixed(0)})`;
    return `${this.#name} ${(this.#samples.at(-1)?.megabytes ?? 0).toFixed(0)} MB${before}`;
  }

  get #warm(): readonly Sample[] {
    return this.#samples.filter(({ inputs }) => inputs > WARM_UP_INPUTS);
  }
}

function findLeast(samples: readonly Sample[]): number {
  return Math.min(...samples.map(({ megabytes }) => megabytes));
}
