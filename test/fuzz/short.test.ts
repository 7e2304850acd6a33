import { describe, test } from 'node:test';
import { createDecisionsTarget } from '../../fuzz/targets/decisions.ts';
import { createLinesTarget } from '../../fuzz/targets/lines.ts';
import { createReadersTarget } from '../../fuzz/targets/readers.ts';
import { createStreamsTarget } from '../../fuzz/targets/streams.ts';
import { fuzzShortly } from './shortly.ts';

const INPUTS = 2000;

describe('some thousand inputs of all kinds are read as the contract says:', () => {
  test('what clients send', (context) => fuzzShortly(createLinesTarget(), INPUTS, context));
  test('what a handler is sent', (context) => fuzzShortly(createStreamsTarget(), INPUTS, context));
  test('the lives of the keys of a domain', (context) => fuzzShortly(createDecisionsTarget(), INPUTS, context));
  test('what programs print, the configuration, the log', (context) => {
    return fuzzShortly(createReadersTarget(), INPUTS, context);
  });
});
