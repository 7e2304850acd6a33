import { once } from 'node:events';
import { connect } from 'node:net';
import { exchange, makeKey, open, readAll, send } from '../../lab/client.ts';
import { pause } from '../../lab/commands.ts';
import { inParallel } from '../../lab/crowd.ts';
import { EXCHANGE_PORT } from '../../lab/gateway.ts';
import type { FarRouter } from './far-router.ts';
import { countReplies, type Figures } from './figures.ts';
import { ROUND_TRIPS_MILLISECONDS, type RoundTripMilliseconds, type Scene } from './scene.ts';
import { beBehindSameAddress, COLLIDING_KEY, registerAddress, registerKeys } from './strangers.ts';

export interface AbuseCase {
  readonly name: string;
  readonly what: string;
  /** The new routers that come meanwhile, {@link NEWCOMERS} by default. */
  readonly arrivals?: readonly { readonly milliseconds: RoundTripMilliseconds; readonly privateKey?: string }[];
  run(scene: Scene, routers: readonly FarRouter[]): Promise<Figures>;
}

export const NEWCOMERS: NonNullable<AbuseCase['arrivals']> = ROUND_TRIPS_MILLISECONDS.map((milliseconds) => ({
  milliseconds,
}));

const WIDTH = 256;
const SOURCES = 25_000;

export const CASES: readonly AbuseCase[] = [
  {
    name: 'idle',
    what: '5,000 sources that connect, say nothing, and come back 0 to 8 s after they were sent away, for 30 s',
    run: beIdle,
  },
  {
    name: 'escapes',
    what: '100,000 times a domain of 64 bytes of escape sequences, from 25,000 sources',
    run: sendEscapes,
  },
  { name: 'one source', what: 'one source sends 10,000 keys', run: sendFromOneSource },
  { name: 'deaf', what: '5,000 clients that never read their reply', run: stayDeaf },
  { name: 'reset', what: '20,000 connections that are reset, at every stage', run: resetConnections },
  { name: 'replay', what: "a live router's key, 1,000 times from 1,000 sources", run: replay },
  {
    name: 'key',
    what: 'a stranger registers the key of each new router 75 times a second from 90 addresses, for 60 s',
    run: registerKeys,
  },
  ...ROUND_TRIPS_MILLISECONDS.map((milliseconds) => ({
    name: `address, ${milliseconds} ms`,
    what: 'a stranger registers a string that has the address of the new router, once a second, for 120 s',
    arrivals: [{ milliseconds, privateKey: COLLIDING_KEY }],
    run: registerAddress,
  })),
  {
    name: 'neighbour',
    what: 'a stranger with the address of a router (carrier-grade NAT) sends its key once a second, for 150 s',
    run: beBehindSameAddress,
  },
  { name: 'keys', what: '100,000 keys that never connect, from 25,000 sources', run: sendManyKeys },
];

async function beIdle({ gateway, crowd }: Scene): Promise<Figures> {
  const end = performance.now() + 30_000;
  const replies: string[] = [];
  await inParallel(5000, 5000, async (index) => {
    while (performance.now() < end) {
      await pause(Math.random() * 8000);
      const socket = await open(gateway.address, { from: crowd.ipv4(index) });
      replies.push(await readAll(socket));
    }
  });
  return countReplies(replies);
}

async function sendFromOneSource({ gateway, crowd }: Scene): Promise<Figures> {
  const from = crowd.ipv4(0);
  const replies = await inParallel(10_000, 64, () => exchange(gateway.address, 'ffww01', makeKey(), { from }));
  return { ...countReplies(replies), peers: (await gateway.peers()).length };
}

/** Once more, when the first ones have had their minute to connect. */
async function sendManyKeys({ gateway, crowd }: Scene): Promise<Figures> {
  const firstMayGo = performance.now() + 62_000;
  let mostPeers = 0;
  const watch = setInterval(async () => {
    mostPeers = Math.max(mostPeers, (await gateway.peers()).length);
  }, 1000);
  const sendNewKey = (index: number) =>
    exchange(gateway.address, 'ffww01', makeKey(), { from: crowd.ipv4(index % SOURCES) });
  const begin = performance.now();
  const replies = await inParallel(100_000, WIDTH, sendNewKey);
  const perSecond = Math.round(100_000_000 / (performance.now() - begin));
  await pause(Math.max(0, firstMayGo - performance.now()));
  const laterReplies = await inParallel(3000, WIDTH, sendNewKey);
  clearInterval(watch);
  const later = Object.entries(countReplies(laterReplies)).map(([reply, count]) => [`${reply} a minute later`, count]);
  return { ...countReplies(replies), perSecond, ...Object.fromEntries(later), 'peers at most': mostPeers };
}

async function replay({ gateway, crowd, router }: Scene): Promise<Figures> {
  const replies = await inParallel(1000, 1, async (index) => {
    await pause(10);
    return exchange(gateway.address, 'ffww01', router.key, { from: crowd.ipv4(index) });
  });
  return countReplies(replies);
}

async function stayDeaf({ gateway, crowd }: Scene): Promise<Figures> {
  const deaf = await inParallel(5000, WIDTH, async (index) => {
    const socket = connect({ host: gateway.address, port: EXCHANGE_PORT, localAddress: crowd.ipv4(index) });
    socket.pause();
    await once(socket, 'connect');
    socket.write(`ffww01\n${makeKey()}\n`);
    return socket;
  });
  await pause(5000);
  for (const socket of deaf) socket.destroy();
  return { peers: (await gateway.peers()).length };
}

async function resetConnections({ gateway, crowd }: Scene): Promise<Figures> {
  const key = makeKey();
  const stages = ['', 'ffw', 'ffww01\n', `ffww01\n${key}\n`, `ffww01\n${key}\n`];
  await inParallel(20_000, WIDTH, async (index) => {
    const socket = await open(gateway.address, { from: crowd.ipv4(index % SOURCES) });
    socket.on('error', () => {});
    const stage = index % stages.length;
    await new Promise((resolve) => socket.write(stages[stage] ?? '', resolve));
    if (stage === stages.length - 1) await once(socket, 'data');
    socket.resetAndDestroy();
  });
  return { resets: 20_000 };
}

async function sendEscapes({ gateway, crowd }: Scene): Promise<Figures> {
  const nasty = '\x1b[2J\x1b[31m\x1b]0;root\x07\x9b1m\r\b\x00\x7f<3>'.repeat(3).slice(0, 64);
  const lines = Buffer.from(`${nasty}\n${makeKey()}\n`, 'latin1');
  const replies = await inParallel(100_000, WIDTH, (index) =>
    send(gateway.address, [lines], { from: crowd.ipv4(index % SOURCES) }),
  );
  return countReplies(replies);
}
