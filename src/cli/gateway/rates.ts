import type { DomainReading } from './domain.ts';
import type { ListedPeer } from './peers.ts';

/** Bytes per second. */
export interface Rate {
  readonly received: number;
  readonly sent: number;
}

interface Count extends Rate {
  readonly at: number;
}

/** Works out from two readings how fast each peer sends and receives. */
export class TrafficMeter {
  #last: ReadonlyMap<string, Count> = new Map();
  #current: ReadonlyMap<string, Count> = new Map();

  /** Takes the next reading of all domains. */
  update(readings: readonly DomainReading[]): void {
    this.#last = this.#current;
    this.#current = new Map(
      readings.flatMap(({ domain, peers, at }) =>
        peers.map(({ peer: { key, received, sent } }) => [`${domain.name} ${key}`, { at, received, sent }] as const),
      ),
    );
  }

  /** The rate between the last two readings; undefined for a peer that is new or was added again. */
  find({ peer, reading }: ListedPeer): Rate | undefined {
    const name = `${reading.domain.name} ${peer.key}`;
    const [then, now] = [this.#last.get(name), this.#current.get(name)];
    if (then === undefined || now === undefined) return undefined;
    const seconds = now.at - then.at;
    const isAnew = now.received < then.received || now.sent < then.sent;
    if (isAnew || seconds <= 0) return undefined;
    return { received: (now.received - then.received) / seconds, sent: (now.sent - then.sent) / seconds };
  }
}
