import { fork } from 'node:child_process';
import { once } from 'node:events';
import { exchange } from '../../lab/client.ts';
import { Background, pause } from '../../lab/commands.ts';
import { Crowd, countEach } from '../../lab/crowd.ts';
import { Gateway } from '../../lab/gateway.ts';
import { RoundTrip } from '../../lab/round-trip.ts';
import { Router } from '../../lab/router.ts';
import { type Arrival, FarRouter } from './far-router.ts';
import { MemoryCurve, type MemorySample } from './memory.ts';
import type { ProbeOrder, ProbeResult } from './probe.ts';

const PING_SECONDS = 0.05;
/** How far away the routers are that come meanwhile. */
export const ROUND_TRIPS_MILLISECONDS = [100, 300] as const;
export type RoundTripMilliseconds = (typeof ROUND_TRIPS_MILLISECONDS)[number];
/** Before a router comes, the abuse is under way. */
const LEAD_MILLISECONDS = 500;
/** Open requests end in this time, or have a problem that the figures should show. */
const CALM_MILLISECONDS = 3000;
/** For this long the handler may not notice changes by hand. */
const READING_MILLISECONDS = 1000;
const REMOVALS_A_CALL = 500;

/** What the others noticed of the abuse. */
export interface Witness {
  /** When it began and when it ended, on the memory curve. */
  readonly begin: number;
  readonly end: number;
  readonly pings: { readonly sent: number; readonly lost: number };
  /** Exchanges of a router: milliseconds from the connection to its reply, in rising order. */
  readonly probes: { readonly replies: Readonly<Record<string, number>>; readonly milliseconds: readonly number[] };
  /** What routers needed that came meanwhile. */
  readonly arrivals: readonly Arrival[];
  /** What was logged meanwhile. */
  readonly log: string;
}

/**
 * A gateway with a router that pings through its tunnel all the time, one that registers four times a second, each
 * time from another IPv6 source, and new ones that come from far away. The IPv4 sources are for the abusers.
 */
export class Scene {
  readonly gateway: Gateway;
  readonly crowd: Crowd;
  readonly router: Router;
  readonly #listener: Background;
  readonly #memory: MemoryCurve;
  readonly #roundTrips: ReadonlyMap<number, RoundTrip>;
  /** The first is the router that is near. */
  #routers = 1;

  private constructor(
    gateway: Gateway,
    { crowd, router, listener, roundTrips }: Pick<Scene, 'crowd' | 'router'> & SceneParts,
  ) {
    this.gateway = gateway;
    this.crowd = crowd;
    this.router = router;
    this.#listener = listener;
    this.#roundTrips = roundTrips;
    this.#memory = new MemoryCurve(listener.pid);
  }

  static async set(): Promise<Scene> {
    const gateway = await Gateway.create(1);
    const crowd = await Crowd.gather(gateway);
    const listener = await gateway.start();
    const router = await Router.create(gateway, 1);
    await router.exchange('ffww01');
    await router.up();
    await router.connected();
    await router.ping(1);
    // Both hosts learn of one another's IPv6 neighbours here, and not in a measurement.
    await exchange(gateway.segment.ipv6('0::1'), 'ffww01', router.key, { from: crowd.ipv6(0) });
    const roundTrips = new Map<number, RoundTrip>();
    for (const milliseconds of ROUND_TRIPS_MILLISECONDS)
      roundTrips.set(milliseconds, await RoundTrip.create(gateway, milliseconds));
    return new Scene(gateway, { crowd, router, listener, roundTrips });
  }

  /** A router that this gateway does not know yet. */
  async addFarRouter(milliseconds: RoundTripMilliseconds, privateKey?: string): Promise<FarRouter> {
    const roundTrip = this.#roundTrips.get(milliseconds);
    if (roundTrip === undefined) throw new Error(`No part of the segment is ${milliseconds} ms away`);
    const number = ++this.#routers;
    return FarRouter.create(this.gateway, { number, milliseconds, roundTrip, ...(privateKey && { privateKey }) });
  }

  /** Lets `abuse` happen while `routers` come, and reports its effect on others until some seconds after its end. */
  async witness(routers: readonly FarRouter[], abuse: () => Promise<void>): Promise<Witness> {
    const logged = this.#listener.stderr.length;
    const begin = this.#memory.seconds;
    const ping = this.#startPing();
    const probe = this.#startProbe();
    const abusing = abuse();
    await pause(LEAD_MILLISECONDS);
    const arriving = await Promise.all(routers.map((router) => router.arrive()));
    await abusing;
    const end = this.#memory.seconds;
    await pause(CALM_MILLISECONDS);
    const arrivals = await Promise.all(arriving.map((arrival) => arrival.stop()));
    const witness = { begin, end, arrivals, probes: await probe.stop(), pings: await stopPing(ping) };
    for (const router of routers) await router.leave();
    await this.#removePending();
    return { ...witness, log: this.#listener.stderr.slice(logged) };
  }

  /** The memory from the beginning to the end. */
  async close(): Promise<readonly MemorySample[]> {
    const samples = this.#memory.stop();
    await this.gateway.close();
    return samples;
  }

  #startPing(): Background {
    const words = ['ping', '-6', '-i', String(PING_SECONDS), 'fd42::1'];
    return new Background('ip', ['netns', 'exec', this.router.namespace, ...words]);
  }

  /** The key is one that the gateway knows already: also a domain that is full serves it. */
  #startProbe() {
    const probe = fork(new URL('probe.ts', import.meta.url));
    const order: ProbeOrder = {
      host: this.gateway.segment.ipv6('0::1'),
      key: this.router.key,
      sources: Array.from({ length: 2000 }, (_, index) => this.crowd.ipv6(index)),
    };
    probe.send(order);
    const stop = async () => {
      probe.send('stop');
      const [{ replies, milliseconds }] = (await once(probe, 'message')) as [ProbeResult];
      return { replies: countEach(replies), milliseconds: [...milliseconds].sort((a, b) => a - b) };
    };
    return { stop };
  }

  /** As an operator would, so that the next abuser finds room. */
  async #removePending(): Promise<void> {
    const pending = (await this.gateway.peers()).filter(({ lastHandshake }) => lastHandshake === 'never');
    for (let start = 0; start < pending.length; start += REMOVALS_A_CALL) {
      const words = pending.slice(start, start + REMOVALS_A_CALL).flatMap(({ key }) => ['peer', key, 'remove']);
      await this.gateway.run('wg', 'set', this.gateway.wireguard(), ...words);
    }
    await this.gateway.cleanUp();
    await pause(READING_MILLISECONDS);
  }
}

interface SceneParts {
  readonly listener: Background;
  readonly roundTrips: ReadonlyMap<number, RoundTrip>;
}

/** What came back of them. */
export async function stopPing(ping: Background) {
  await ping.stop('SIGINT');
  const sent = Number(ping.stdout.match(/(\d+) packets transmitted/)?.[1]);
  const received = new Set([...ping.stdout.matchAll(/icmp_seq=(\d+) /g)].map(([, number]) => Number(number)));
  // The answer to the last one may have been under way.
  const isLastMissing = !received.has(sent);
  return { sent, lost: sent - received.size - (isLastMissing ? 1 : 0) };
}
