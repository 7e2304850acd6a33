import assert from 'node:assert/strict';
import { CONFIG, eventually, exchange, isServing, makeKey, sh } from './machine.ts';

/** This many share a batch, so it is soon done, even under emulation. */
const CLIENTS = 8;

/** What a router says of a reply; rejects where its connection is refused or reset. */
type Register = (key: string) => Promise<'served' | 'try again'>;

/**
 * Lets routers register while something is done in the middle. A router that gets `FAILED` tries again, as routers do:
 * an emulated processor may take longer than the 10 s that a request waits for a handler. All must get their `OK`.
 */
export async function during(count: number, action: () => Promise<unknown>, register = byLines): Promise<void> {
  let served = 0;
  let acted: Promise<unknown> | undefined;
  await sh(`sed -i 's/^#exempt.*/exempt = ["::1\\/128"]/' ${CONFIG}; systemctl reload wgkex`);
  await eventually('an exchange works', isServing);
  const client = async () => {
    while (served < count) {
      const key = makeKey();
      await eventually('a router is served', async () => (await register(key)) === 'served');
      served++;
      if (served > count / 4) acted ??= action();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  await acted;
}

const byLines: Register = async (key) => {
  const reply = await exchange('ffww01', key);
  assert.ok(reply === 'OK\n' || reply === 'ERR: FAILED\n', reply);
  return reply === 'OK\n' ? 'served' : 'try again';
};
