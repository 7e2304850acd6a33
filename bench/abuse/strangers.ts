import { readFile } from 'node:fs/promises';
import { exchange } from '../../lab/client.ts';
import { eventually, pause } from '../../lab/commands.ts';
import { inParallel } from '../../lab/crowd.ts';
import type { FarRouter } from './far-router.ts';
import { countReplies, type Figures } from './figures.ts';
import { type Scene, stopPing } from './scene.ts';

const KEY_SECONDS = 60;
const REQUESTS_A_SECOND = 75;
const ADDRESSES = 90;
const ADDRESS_SECONDS = 120;
const NEIGHBOUR_SECONDS = 150;

const [OWNER, STRANGER] = JSON.parse(await readFile(new URL('../../lab/colliding-keys.json', import.meta.url), 'utf8'));
/** The private key of a router whose derived address another key has, too. */
export const COLLIDING_KEY: string = OWNER.privateKey;

export async function registerKeys({ gateway, crowd }: Scene, routers: readonly FarRouter[]): Promise<Figures> {
  const attacks = routers.map(({ router }, index) =>
    repeat(KEY_SECONDS, REQUESTS_A_SECOND, (time) => {
      const from = crowd.ipv4(index * ADDRESSES + (time % ADDRESSES));
      return exchange(gateway.address, 'ffww01', router.key, { from });
    }),
  );
  return countReplies((await Promise.all(attacks)).flat());
}

export async function registerAddress({ gateway, crowd }: Scene): Promise<Figures> {
  const from = crowd.ipv4(0);
  const register = () => exchange(gateway.address, 'ffww01', STRANGER.publicKey, { from });
  return countReplies(await repeat(ADDRESS_SECONDS, 1, register));
}

/** Once the routers have connected. */
export async function beBehindSameAddress(scene: Scene, routers: readonly FarRouter[]): Promise<Figures> {
  const figures = await inParallel(routers.length, routers.length, async (index) => {
    const far = routers[index] as FarRouter;
    const { router, roundTripMilliseconds } = far;
    await eventually(
      'the router answers',
      async () => (await scene.gateway.findPeer(router.key))?.lastHandshake !== 'never',
    );
    const ping = far.startPing();
    const replies = await repeat(NEIGHBOUR_SECONDS, 1, () => router.exchange('ffww01'));
    const { sent, lost } = await stopPing(ping);
    const named = { ...countReplies(replies), 'its pings': sent, 'its lost pings': lost };
    return Object.entries(named).map(([name, count]) => [`${name} (${roundTripMilliseconds} ms)`, count] as const);
  });
  return Object.fromEntries(figures.flat());
}

/** Begins an exchange at each tick, whether or not the one before has ended. */
async function repeat(seconds: number, perSecond: number, exchangeOnce: (time: number) => Promise<string>) {
  const begin = performance.now();
  const replies: Promise<string>[] = [];
  for (let time = 0; time < seconds * perSecond; time++) {
    await pause(begin + (time * 1000) / perSecond - performance.now());
    replies.push(exchangeOnce(time).catch(String));
  }
  return Promise.all(replies);
}
