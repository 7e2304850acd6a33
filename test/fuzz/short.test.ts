import { describe, test } from 'node:test';
import { createDecisionsTarget } from '../../fuzz/targets/decisions.ts';
import { createLinesTarget } from '../../fuzz/targets/lines.ts';
import { createReadersTarget } from '../../fuzz/targets/readers.ts';
import { createStreamsTarget } from '../../fuzz/targets/streams.ts';
import { fuzzShortly } from './shortly.ts';

const INPUTS = 2000;

describe('a few thousand inputs of each kind are read as the contract says:', () => {
  test('requests from clients', (context) => fuzzShortly(createLinesTarget(), INPUTS, context));
  test('input of a handler', (context) => fuzzShortly(createStreamsTarget(), INPUTS, context));
  test('histories of the keys of a domain', (context) => fuzzShortly(createDecisionsTarget(), INPUTS, context));
  test('output of programs, the configuration, the log', (context) => {
    return fuzzShortly(createReadersTarget(), INPUTS, context);
  });
});
