import type { Gateway } from '../../core/exchange/gateway.ts';
import type { GatewayId } from '../../core/fleet/gateway-id.ts';
import { formatTopic } from '../../core/fleet/topics.ts';
import { formatConnectedPeers, formatWorkerData, GONE } from '../../core/fleet/workers/payloads.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Session } from './session.ts';

const NOBODY = formatConnectedPeers(GONE);

type Place = 'data' | 'number';

interface Surroundings {
  readonly id: GatewayId;
  readonly prefix: string;
  readonly session: Pick<Session, 'publish'>;
}

/**
 * This gateway as freifunkMUC's brokers know their workers. An empty message would end their thread, so that data stay at
 * the broker when a domain goes: a number below zero says that it is gone.
 */
export class WorkerVoice {
  readonly #with: Surroundings;
  /** What this process published last, by topic. */
  readonly #published = new Map<string, string>();
  /** The topics whose message the broker has from this connection. */
  readonly #sent = new Set<string>();
  readonly #domains = new Set<DomainName>();

  constructor(surroundings: Surroundings) {
    this.#with = surroundings;
  }

  /** A connection to the broker has begun: it may know nothing. */
  begin(): void {
    this.#sent.clear();
  }

  /** Data if they changed, and always the number: brokers count on it once a minute. */
  announce(domain: DomainName, gateway: Gateway, connectedPeers: number): void {
    this.#domains.add(domain);
    const data = formatWorkerData(gateway);
    const topic = this.#name('data', domain);
    if (!this.#sent.has(topic) || this.#published.get(topic) !== data) this.#publish(topic, data, 1);
    this.#publish(this.#name('number', domain), formatConnectedPeers(connectedPeers), 0);
  }

  /** The domain is not served any more, or not at the moment. */
  retract(domain: DomainName): void {
    const topic = this.#name('number', domain);
    this.#domains.delete(domain);
    if (!this.#sent.has(topic) || this.#published.get(topic) !== NOBODY) this.#publish(topic, NOBODY, 1);
  }

  end(): void {
    for (const domain of [...this.#domains]) this.retract(domain);
  }

  /**
   * What the broker has; false if it is to be announced again. `isLeft`: it is about a domain that is none of ours,
   * perhaps from a process that was killed.
   */
  check(place: Place, domain: DomainName, payload: Uint8Array, isLeft: boolean): boolean {
    const topic = this.#name(place, domain);
    const text = Buffer.from(payload).toString();
    if (text === this.#published.get(topic)) return true;
    if (this.#domains.has(domain)) {
      this.#sent.delete(topic);
      return false;
    }
    if (isLeft && place === 'number' && text !== '' && text !== NOBODY) this.#publish(topic, NOBODY, 1);
    return true;
  }

  #publish(topic: string, payload: string, qos: 0 | 1): void {
    if (!this.#with.session.publish(topic, payload, { qos, retain: true })) return;
    this.#published.set(topic, payload);
    this.#sent.add(topic);
  }

  #name(kind: Place, domain: DomainName): string {
    return formatTopic({ kind, gateway: this.#with.id, domain }, this.#with.prefix);
  }
}
