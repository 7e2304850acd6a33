import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Background, sh } from '../../lab/commands.ts';
import { EXCHANGE_PORT, type Gateway } from '../../lab/gateway.ts';
import type { RoundTrip } from '../../lab/round-trip.ts';
import { Router } from '../../lab/router.ts';
import type { ArrivalOrder, ArrivalResult } from './arrival.ts';

const PING_SECONDS = 0.25;

/** The time that a router new to the domain needed. */
export interface Arrival extends ArrivalResult {
  readonly roundTripMilliseconds: number;
}

/** A router far away that connects while others misbehave. */
export class FarRouter {
  readonly router: Router;
  readonly roundTripMilliseconds: number;
  readonly #gateway: Gateway;

  private constructor(gateway: Gateway, router: Router, roundTripMilliseconds: number) {
    this.#gateway = gateway;
    this.router = router;
    this.roundTripMilliseconds = roundTripMilliseconds;
  }

  /** Its interfaces are made, and it does not know the gateway yet. */
  static async create(
    gateway: Gateway,
    { number, milliseconds, roundTrip, privateKey }: FarRouterSetup,
  ): Promise<FarRouter> {
    const router = await Router.create(gateway, number, privateKey);
    await roundTrip.moveAway(router.namespace);
    await router.up();
    await router.run('wg', 'set', router.wireguard, 'peer', await gateway.publicKey(), 'remove');
    return new FarRouter(gateway, router, milliseconds);
  }

  /** Registers, adds the gateway to its interface, and tries again as docs/firmware.md says, until it is stopped. */
  async arrive(): Promise<{ stop(): Promise<Arrival> }> {
    const { namespace, key, wireguard } = this.router;
    const host = this.#gateway.address;
    const endpoint = `${host}:${this.#gateway.wireguardPort()}`;
    const peer = ['peer', await this.#gateway.publicKey(), 'allowed-ips', 'fe80::/64', 'endpoint', endpoint];
    const order: ArrivalOrder = {
      ...{ namespace, key, wireguard, host, port: EXCHANGE_PORT },
      peer: [...peer, 'persistent-keepalive', '1'],
    };
    const arrival = fork(new URL('arrival.ts', import.meta.url));
    arrival.send(order);
    const stop = async () => {
      arrival.send('stop');
      const [result] = (await once(arrival, 'message')) as [ArrivalResult];
      return { roundTripMilliseconds: this.roundTripMilliseconds, ...result };
    };
    return { stop };
  }

  startPing(): Background {
    const words = ['ping', '-6', '-i', String(PING_SECONDS), 'fd42::1'];
    return new Background('ip', ['netns', 'exec', this.router.namespace, ...words]);
  }

  /** With its peer, and all that the gateway remembers of it. */
  async leave(): Promise<void> {
    await this.router.down();
    await sh('ip', 'netns', 'exec', this.#gateway.namespace, 'wgkex', 'remove', 'ffww01', this.router.key).catch(
      () => '',
    );
  }
}

export interface FarRouterSetup {
  readonly number: number;
  readonly milliseconds: number;
  readonly roundTrip: RoundTrip;
  readonly privateKey?: string;
}
