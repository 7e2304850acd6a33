import assert from 'node:assert/strict';
import { arrangeLines, judgeRequest } from '../../src/core/exchange/exchange.ts';
import { LineFraming } from '../../src/core/exchange/line-framing.ts';
import { isDomainName } from '../../src/core/values/names.ts';
import { promptVisits } from '../arbitraries/visits.ts';
import { joinBytes, printEntries, readVisits } from '../corpus.ts';
import { REFUSED_KEYS } from '../keys.ts';
import { endsStream, expectOutcome, type Visit } from '../model/wire.ts';
import { buildLocalTarget, type Target } from './target.ts';

const DOMAINS = ['ffww01', 'ffmuc', 'gluon'];
const LINE_BYTES = 64;

/** The listener's reading of a client's bytes, without the network. */
export function createLinesTarget(): Target<Visit> {
  const corpus = readVisits();
  return buildLocalTarget({
    name: 'lines',
    corpus: corpus.filter(({ send }) => !send.some((step) => typeof step === 'number')),
    runs: promptVisits({ domains: DOMAINS, keys: REFUSED_KEYS }, corpus.map(joinBytes)),
    print: (visit) => printEntries('visits', [visit]),
    check: async (visit) => assert.deepEqual(read(visit), expectOutcome(visit, DOMAINS)),
  });
}

function read({ send, end }: Visit) {
  const framing = new LineFraming(LINE_BYTES);
  for (const bytes of send) framing.push(Buffer.from(String(bytes), 'latin1'));
  const read = endsStream(end) ? framing.end() : framing.progress();
  if (read.state === 'too-long') return { refused: 'LINE_TOO_LONG' };
  const [first, second] = read.lines;
  const find = (name: string) => (DOMAINS.includes(name) && isDomainName(name) ? name : undefined);
  return judgeRequest(arrangeLines(first, second, find), find);
}
