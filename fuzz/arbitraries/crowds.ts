import fc from 'fast-check';
import { joinBytes } from '../corpus.ts';
import type { Visit } from '../model/wire.ts';
import { promptVisits, slowVisits } from './visits.ts';
import type { Vocabulary } from './words.ts';

const MAX_PROMPT = 2000;
const MAX_SLOW = 100;
/** One crowd in this many has slow visits, which all its other visits have to wait for. */
const SLOW_CROWD = 16;

/** Visits at the same time. */
export function crowdsOf(vocabulary: Vocabulary, corpus: readonly Visit[]): fc.Arbitrary<readonly Visit[]> {
  const texts = corpus.map(joinBytes);
  const prompt = fc.array(promptVisits(vocabulary, texts), { minLength: 1, maxLength: MAX_PROMPT, size: 'max' });
  const slow = fc.array(slowVisits(vocabulary, texts), { minLength: 1, maxLength: MAX_SLOW, size: 'max' });
  return fc.oneof(
    { weight: SLOW_CROWD - 1, arbitrary: prompt },
    { weight: 1, arbitrary: fc.tuple(slow, prompt).map((crowds) => crowds.flat()) },
  );
}
