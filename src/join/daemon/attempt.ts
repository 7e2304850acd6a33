import { decodeConfig } from '../../core/client/configuration/gateway-reply.ts';
import { parseTunnelFile } from '../../core/client/configuration/tunnel-file.ts';
import { isAlive } from '../../core/client/health.ts';
import type { Instance } from '../../core/client/instance.ts';
import type { Endpoint, Look, Via } from '../../core/client/messages.ts';
import { REFUSALS } from '../../core/client/refusals.ts';
import type { Grant } from '../../core/exchange/exchange.ts';
import { describeError } from '../../core/values/errors.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../../core/values/host-port.ts';
import { type IpAddress, isIpv4, parseIpAddress } from '../../core/values/ip-address.ts';
import { AttemptFailure } from './failure.ts';
import { exchange } from './gateway/exchange.ts';
import type { Names } from './gateway/names.ts';
import type { Helper } from './helper/helper.ts';
import type { Times } from './options.ts';
import type { Relay } from './relay.ts';
import { sleep } from './time-limit.ts';

interface Around {
  readonly helper: Helper;
  readonly names: Names;
  readonly relay: Relay;
  readonly times: Times;
  readonly stopping: AbortSignal;
}

/** A tunnel that works. */
export interface Tunnel {
  readonly gateway: HostPort;
  readonly via: Via;
  readonly look: Look;
}

/** What a gateway granted, as far as an unprivileged program understands it; whether it is genuine root decides. */
interface Offer extends Grant {
  readonly gateway: HostPort;
  /** On which the exchange succeeded. */
  readonly address: IpAddress;
  readonly endpoint: HostPort;
  readonly relay: HostPort | undefined;
}

const WIREGUARD_PORT = 51_820;
const RELAY_PORT = 443;
const LOOPBACK = parseIpAddress('127.0.0.1');

/** Attempts to have a tunnel to one gateway: the exchange, root's approval, and the handshake. */
export class Attempts {
  readonly #instance: Instance;
  readonly #around: Around;

  constructor(instance: Instance, around: Around) {
    this.#instance = instance;
    this.#around = around;
  }

  /** Tries UDP, and then the gateway's relay as far as root's file permits. @throws AttemptFailure */
  async try(gateway: HostPort): Promise<Tunnel> {
    const { overTcp } = this.#instance;
    if (overTcp === 'always') return this.bring(gateway, 'tcp');
    const offer = await this.#ask(gateway);
    const tunnel = await this.#bringUp(offer, 'udp');
    if (tunnel !== undefined) return tunnel;
    if (overTcp === 'never' || offer.relay === undefined) throw this.#noHandshake('udp');
    return this.#bringInstead(gateway);
  }

  /** By TCP what was in vain by UDP: whatever fails now, a tunnel of before is gone. */
  async #bringInstead(gateway: HostPort): Promise<Tunnel> {
    try {
      return await this.bring(gateway, 'tcp');
    } catch (error) {
      throw error instanceof AttemptFailure ? error.over('tcp') : error;
    }
  }

  /** Tries one way. @throws AttemptFailure */
  async bring(gateway: HostPort, via: Via): Promise<Tunnel> {
    const tunnel = await this.#bringUp(await this.#ask(gateway), via);
    if (tunnel === undefined) throw this.#noHandshake(via);
    return tunnel;
  }

  async look(): Promise<Look> {
    const reply = await this.#around.helper.ask('look', {});
    if ('refused' in reply) throw new AttemptFailure('machine', reply.refused);
    return reply.look;
  }

  async #ask(gateway: HostPort): Promise<Offer> {
    const { names, helper, stopping } = this.#around;
    const ticket = await helper.ask('ticket', {});
    if ('refused' in ticket) throw new AttemptFailure('machine', ticket.refused);
    const to = { ...gateway, addresses: await names.resolve(gateway.host, stopping) };
    const { reply, address } = await exchange(to, this.#instance.domain, ticket.ticket, this.#around);
    if (reply.code !== 'OK') throw new AttemptFailure('gateway', REFUSALS[reply.code], { code: reply.code });
    return { ...reply, gateway, address, ...readPlaces(reply.config) };
  }

  /** Undefined if there was no handshake. */
  async #bringUp(offer: Offer, via: Via): Promise<Tunnel | undefined> {
    const before = await this.look();
    const { gateway } = offer;
    const up = via === 'udp' ? await this.#upByUdp(offer) : await this.#upByRelay(offer);
    const look = await this.#waitForHandshake(before, up);
    return look && { gateway, via, look };
  }

  async #upByUdp(offer: Offer): Promise<Look> {
    const { names, relay, stopping } = this.#around;
    const address = await this.#findAddress(offer);
    // Once the tunnel takes all traffic, nobody can be asked for it any more.
    if (offer.relay !== undefined) await names.resolve(offer.relay.host, stopping).catch(() => {});
    const look = await this.#up(offer, { address, port: offer.endpoint.port }, 'udp');
    await relay.close();
    return look;
  }

  async #upByRelay(offer: Offer): Promise<Look> {
    if (offer.relay === undefined) throw new AttemptFailure('gateway', 'it has no relay');
    const relay = await this.#around.relay.open(offer.relay);
    try {
      const look = await this.#up(offer, { address: LOOPBACK, port: relay.port }, 'tcp');
      await relay.use();
      return look;
    } catch (error) {
      await relay.drop();
      throw error;
    }
  }

  async #up({ gateway, config, proof }: Offer, endpoint: Endpoint, via: Via): Promise<Look> {
    const question = { gateway: formatHostPort(gateway), config, proof, endpoint, via };
    this.#around.stopping.throwIfAborted();
    const reply = await this.#around.helper.ask('up', question);
    if ('refused' in reply) throw new AttemptFailure('refused', reply.refused);
    return reply.look;
  }

  /** That of the exchange if the endpoint has it, too, else one of the same family if there is one. */
  async #findAddress({ endpoint: { host }, address }: Offer): Promise<IpAddress> {
    const { names, stopping } = this.#around;
    const addresses = await names.resolve(host, stopping);
    const isLike = (other: IpAddress) => isIpv4(other) === isIpv4(address);
    return addresses.includes(address) ? address : (addresses.find(isLike) ?? addresses[0] ?? address);
  }

  async #waitForHandshake(before: Look, up: Look): Promise<Look | undefined> {
    const { times, stopping } = this.#around;
    const end = performance.now() + times.handshake * 1000;
    for (let look = up; ; look = await this.look()) {
      if (isAlive(before, look)) return look;
      if (performance.now() >= end) return undefined;
      await sleep(times.handshakeLook, stopping);
    }
  }

  #noHandshake(via: Via): AttemptFailure {
    return new AttemptFailure('gateway', `no handshake within ${this.#around.times.handshake} s`, { via });
  }
}

function readPlaces(config: string): Pick<Offer, 'endpoint' | 'relay'> {
  try {
    const { endpoint, relay } = parseTunnelFile(decodeConfig(config));
    return {
      endpoint: parseHostPort(endpoint, WIREGUARD_PORT),
      relay: relay === undefined ? undefined : parseHostPort(relay, RELAY_PORT),
    };
  } catch (error) {
    throw new AttemptFailure('unreadable', describeError(error));
  }
}
