import { test } from 'node:test';
import { HandlerTarget } from '../../fuzz/targets/handler.ts';
import { SocketTarget } from '../../fuzz/targets/socket.ts';
import { fuzzShortly } from '../fuzz/shortly.ts';

const INPUTS = 300;

test('each of some hundred clients, good and bad, gets its reply, and the kernel gets only permitted changes', async (context) => {
  const target = await SocketTarget.create();
  context.after(() => target.close());
  await fuzzShortly(target, INPUTS, context);
});

test('the handler serves every valid one of some hundred messages, and ends at every invalid one', async (context) => {
  const target = await HandlerTarget.create();
  context.after(() => target.close());
  await fuzzShortly(target, INPUTS, context);
});
