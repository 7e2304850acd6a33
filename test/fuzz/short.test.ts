import { describe, test } from 'node:test';
import { createBodiesTarget } from '../../fuzz/targets/bodies.ts';
import { createClientTarget } from '../../fuzz/targets/client.ts';
import { createDecisionsTarget } from '../../fuzz/targets/decisions.ts';
import { createFleetTarget } from '../../fuzz/targets/fleet.ts';
import { createHttpTarget } from '../../fuzz/targets/http.ts';
import { createLeasesTarget } from '../../fuzz/targets/leases.ts';
import { createLinesTarget } from '../../fuzz/targets/lines.ts';
import { createReadersTarget } from '../../fuzz/targets/readers.ts';
import { createRelayTarget } from '../../fuzz/targets/relay.ts';
import { createStreamsTarget } from '../../fuzz/targets/streams.ts';
import { fuzzShortly } from './shortly.ts';

const INPUTS = 2000;

describe('a few thousand inputs of each kind are read as the contract says:', () => {
  test('requests from clients', (context) => fuzzShortly(createLinesTarget(), INPUTS, context));
  test('input of a handler', (context) => fuzzShortly(createStreamsTarget(), INPUTS, context));
  test('histories of the keys of a domain', (context) => fuzzShortly(createDecisionsTarget(), INPUTS, context));
  test('what a front hears of the gateways', (context) => fuzzShortly(createFleetTarget(), INPUTS, context));
  test('traffic of the relay', (context) => fuzzShortly(createRelayTarget(), INPUTS, context));
  test('what a client reads of a gateway', (context) => fuzzShortly(createClientTarget(), INPUTS, context));
  test('bodies of HTTP requests', (context) => fuzzShortly(createBodiesTarget(), INPUTS, context));
  test('raw bytes on the HTTP door', async (context) => {
    const target = await createHttpTarget();
    context.after(() => target.close());
    await fuzzShortly(target, INPUTS, context);
  });
  test('what members send', async (context) => {
    const target = await createLeasesTarget();
    context.after(() => target.close());
    await fuzzShortly(target, INPUTS, context);
  });
  test('output of programs, the configuration, the log, messages over MQTT', (context) => {
    return fuzzShortly(createReadersTarget(), INPUTS, context);
  });
});
