import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DomainConfig } from '../../src/config/config.ts';
import { DomainQueue } from '../../src/handler/service/domain-queue.ts';
import type { Attention } from '../../src/log/flood-guard.ts';
import type { DomainSession } from '../../src/system/domain/domain-session.ts';

test('after a failure nothing is kept that was read before', async () => {
  const events: string[] = [];
  // What is known of the domain is kept for this long.
  const session = { isFresh: true, restMilliseconds: 1000, close: () => events.push('forgotten') };
  const domain = { name: 'ffww01', wireguard: 'nosuchwg', vxlan: 'nosuchvx' };
  const queue = new DomainQueue<string>(
    {
      domain: domain as DomainConfig,
      session: session as unknown as DomainSession,
      log: {} as Attention,
      onReplaced: () => {},
    },
    {
      serve: async ([request]) => {
        events.push(`${request}`);
        if (request === 'bad') throw new Error('the interface is gone');
      },
      fail: ([request]) => events.push(`${request} failed`),
      repair: async () => {},
      leave: async () => {},
    },
  );
  for (const request of ['good', 'bad', 'next']) {
    queue.add(request);
    while (!events.includes(request)) await new Promise(setImmediate);
  }
  assert.deepEqual(events, ['good', 'bad', 'forgotten', 'bad failed', 'next']);
  await queue.stop();
});
