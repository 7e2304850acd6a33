import { fork } from 'node:child_process';
import { once } from 'node:events';
import { exchange } from '../../test/lab/client.ts';
import { Background, pause } from '../../test/lab/commands.ts';
import { Crowd, countEach } from '../../test/lab/crowd.ts';
import { Gateway } from '../../test/lab/gateway.ts';
import { Router } from '../../test/lab/router.ts';
import { MemoryCurve, type MemorySample } from './memory.ts';
import type { ProbeOrder, ProbeResult } from './probe.ts';

const PING_SECONDS = 0.05;
/** What is under way ends in this time, or has a problem that the figures shall show. */
const CALM_MILLISECONDS = 3000;

/** What the others noticed of the abuse. */
export interface Witness {
  readonly seconds: number;
  readonly memory: readonly MemorySample[];
  readonly pings: { readonly sent: number; readonly lost: number };
  /** Exchanges of a router: milliseconds from the connection to its reply, in rising order. */
  readonly probes: { readonly replies: Readonly<Record<string, number>>; readonly milliseconds: readonly number[] };
  /** Lines of the log by their first words, and all of it. */
  readonly log: { readonly lines: Readonly<Record<string, number>>; readonly text: string };
}

/**
 * A gateway with a router that pings through its tunnel all the time, and one that registers four times a second, each
 * time from another IPv6 source. The IPv4 sources are for who means ill.
 */
export class Scene {
  readonly gateway: Gateway;
  readonly crowd: Crowd;
  readonly router: Router;

  private constructor(gateway: Gateway, crowd: Crowd, router: Router) {
    this.gateway = gateway;
    this.crowd = crowd;
    this.router = router;
  }

  /** `number` tells the gateways of one lab apart. */
  static async set(number: number): Promise<Scene> {
    const gateway = await Gateway.create(number);
    const crowd = await Crowd.gather(gateway);
    await gateway.start();
    const router = await Router.create(gateway, 1);
    await router.exchange('ffww01');
    await router.up();
    await router.connected();
    await router.ping(1);
    // Both hosts learn of one another's IPv6 neighbours here, and not in a measurement.
    await exchange(gateway.segment.ipv6('0::1'), 'ffww01', router.key, { from: crowd.ipv6(0) });
    return new Scene(gateway, crowd, router);
  }

  /** Lets `abuse` happen, and tells what the others noticed until some seconds after its end. */
  async witness(abuse: () => Promise<void>): Promise<Witness> {
    const begin = performance.now();
    const memory = new MemoryCurve(this.#listener.pid);
    const ping = this.#startPing();
    const probe = this.#startProbe();
    await abuse();
    const seconds = (performance.now() - begin) / 1000;
    await pause(CALM_MILLISECONDS);
    return {
      seconds,
      probes: await probe.stop(),
      pings: await stopPing(ping),
      memory: memory.stop(),
      log: await this.#readLog(),
    };
  }

  close(): Promise<void> {
    return this.gateway.close();
  }

  get #listener(): Background {
    const { listener } = this.gateway;
    if (listener === undefined) throw new Error('The listener was not started');
    return listener;
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

  async #readLog() {
    await this.#listener.stop();
    const text = this.#listener.stderr;
    const words = text
      .trim()
      .split('\n')
      .map((line) => String((JSON.parse(line) as { msg: string }).msg));
    return { lines: countEach(words), text };
  }
}

async function stopPing(ping: Background) {
  await ping.stop('SIGINT');
  const sent = Number(ping.stdout.match(/(\d+) packets transmitted/)?.[1]);
  const received = new Set([...ping.stdout.matchAll(/icmp_seq=(\d+) /g)].map(([, number]) => Number(number)));
  // The answer to the last one may have been under way.
  const isLastMissing = !received.has(sent);
  return { sent, lost: sent - received.size - (isLastMissing ? 1 : 0) };
}
