import { test } from 'node:test';
import { HandlerTarget } from '../../fuzz/targets/handler.ts';
import { SocketTarget } from '../../fuzz/targets/socket.ts';
import { fuzzShortly } from '../fuzz/shortly.ts';

const INPUTS = 1000;

test('of some thousand clients, good and bad, each gets its reply, and the kernel what they may ask for', async (context) => {
  const target = await SocketTarget.create();
  context.after(() => target.close());
  await fuzzShortly(target, INPUTS, context);
});

test('of some thousand messages the handler serves those that it must, and ends at those that it must not', async (context) => {
  const target = await HandlerTarget.create();
  context.after(() => target.close());
  await fuzzShortly(target, INPUTS, context);
});
