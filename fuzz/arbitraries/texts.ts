import fc from 'fast-check';
import { texts as anyTexts } from '../../test/core/arbitraries.ts';
import { mutated } from './bytes.ts';

/** Texts that are made of the words of the corpus, or are like it except in some places. */
export function textsLike(corpus: readonly string[]): fc.Arbitrary<string> {
  const words = fc.constantFrom(...new Set(corpus.flatMap((text) => text.split(/\b/))));
  const pieces = fc.constantFrom(...new Set(corpus.flatMap((text) => text.split(/(?<=[\n,\t])/))));
  const parts = fc.oneof(
    { weight: 3, arbitrary: words },
    { weight: 2, arbitrary: pieces },
    { weight: 1, arbitrary: anyTexts },
  );
  return fc.oneof(
    { weight: 6, arbitrary: mutated(fc.constantFrom(...corpus), parts) },
    { weight: 2, arbitrary: fc.array(parts, { maxLength: 12 }).map((all) => all.join('')) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: anyTexts },
  );
}
