import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judgeRequest } from '../../src/core/exchange/exchange.ts';
import { parseHttpBody } from '../../src/core/exchange/http-messages.ts';
import { isDomainName } from '../../src/core/values/names.ts';
import { bodiesOf } from '../arbitraries/http.ts';
import { printEntries } from '../corpus.ts';
import { REFUSED_KEYS } from '../keys.ts';
import { expectBody } from '../model/http.ts';
import { buildLocalTarget, type Target } from './target.ts';

const DOMAINS = ['ffww01', 'ffmuc', 'gluon'];

interface Run {
  readonly body: string;
  readonly defaultDomain: string | undefined;
}

/** The reading of an HTTP body, without HTTP. */
export function createBodiesTarget(): Target<Run> {
  const runs = fc.record({
    body: bodiesOf({ domains: DOMAINS, keys: REFUSED_KEYS }).map((bytes) => Buffer.from(bytes, 'latin1').toString()),
    defaultDomain: fc.constantFrom(undefined, undefined, 'ffww01', 'elsewhere'),
  });
  return buildLocalTarget({
    name: 'bodies',
    corpus: [],
    runs,
    print: (run) => printEntries('bodies', [run]),
    check: async ({ body, defaultDomain }) => {
      const find = (name: string) => (DOMAINS.includes(name) && isDomainName(name) ? name : undefined);
      const outcome = judgeRequest(parseHttpBody(body, defaultDomain), find);
      assert.deepEqual(outcome, expectBody(body, DOMAINS, defaultDomain));
    },
  });
}
