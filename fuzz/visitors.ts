import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { play, type Way } from './client.ts';
import type { CrowdModel } from './model/crowd.ts';
import type { Visit } from './model/wire.ts';
import type { Scene } from './scene.ts';

const CLIENTS_AT_A_TIME = 128;
/** Many, because an address has a limited number of ports, and each one stays in use for a minute. */
const SOURCES = 64;
/** For a visit with a different outcome because the machine was slow. */
const TRIES = 4;

/** The clients of a gateway. */
export class Visitors {
  readonly #ways: readonly Way[];
  readonly #lineSeconds: number;
  /** The sockets of clients that do not hang up. */
  readonly #lingering: Socket[] = [];
  #next = 0;

  private constructor(ways: readonly Way[], lineSeconds: number) {
    this.#ways = ways;
    this.#lineSeconds = lineSeconds;
  }

  /** They alternate between IPv4 and IPv6. */
  static async create({ gateway: { segment, address } }: Scene, lineSeconds: number): Promise<Visitors> {
    const ways = Array.from({ length: SOURCES }, (_, index) =>
      index % 2 === 0
        ? { to: address, from: segment.ipv4(`3.${index}`) }
        : { to: segment.ipv6('0::1'), from: segment.ipv6(`3:${index}::1`) },
    );
    for (const { from } of ways) await segment.addSource(from);
    return new Visitors(ways, lineSeconds);
  }

  /** Makes many visits at a time; returns the faults in the replies. */
  async visitAll(crowd: readonly Visit[], model: CrowdModel): Promise<unknown[]> {
    const faults: unknown[] = [];
    const late: Visit[] = [];
    const waiting = crowd.values();
    const client = async () => {
      for (const visit of waiting) {
        const isInTime = await this.#visit(visit, model).catch((fault) => faults.push(fault));
        if (isInTime === false) late.push(visit);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS_AT_A_TIME }, client));
    for (const visit of late) await this.#repeat(visit, model).catch((fault) => faults.push(fault));
    return faults;
  }

  /** Call this only after the gateway has hung up. */
  hangUp(): void {
    for (const socket of this.#lingering.splice(0)) socket.destroy();
  }

  /** Repeats a visit alone, when there is no reason to be late. */
  async #repeat(visit: Visit, model: CrowdModel): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) if (await this.#visit(visit, model)) return;
    throw new assert.AssertionError({ message: `${JSON.stringify(visit)} never gets a reply in time` });
  }

  /** False if the reply is right only because the machine was slow; rejects if it is never right. */
  async #visit(visit: Visit, model: CrowdModel): Promise<boolean> {
    const way = this.#ways[this.#next++ % SOURCES];
    assert.ok(way);
    const { replies, atAnotherPace } = model.expectReplies(visit);
    const start = performance.now();
    const reply = await play(visit, way, this.#lineSeconds, (socket) => this.#lingering.push(socket));
    // Before that, no time limit can have expired.
    const isOld = performance.now() - start >= this.#lineSeconds * 1000;
    const allowed = isOld ? [...replies, ...atAnotherPace] : replies;
    const message = `${JSON.stringify(visit)} got ${JSON.stringify(reply)}, expected ${JSON.stringify(replies)}`;
    if (model.isBusy(visit, reply)) return true;
    if (!allowed.includes(reply)) throw new assert.AssertionError({ message });
    return replies.includes(reply);
  }
}
