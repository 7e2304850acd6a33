import type { TestContext } from 'node:test';
import { Campaign } from '../../fuzz/campaign.ts';
import type { Target } from '../../fuzz/targets/target.ts';

const SEEDS = 2 ** 30;
const FIXED_SEED = 1;

/** A campaign with a fixed seed and one with a new seed; `npm run fuzz` reports more with the same seed. */
export async function fuzzShortly<Run>(target: Target<Run>, inputs: number, context: TestContext): Promise<void> {
  for (const seed of [FIXED_SEED, Math.floor(Math.random() * SEEDS)]) {
    context.diagnostic(`${target.name}: seed ${seed}`);
    await new Campaign(target).run({ seed, inputs, report: () => {} });
  }
}
