import type { Ticket } from '../leases.ts';
import { Segment } from '../network.ts';
import { Machine } from './machine.ts';

interface Part {
  close(): Promise<void>;
}

/** Machines at home, and whatever they talk to; all of it is closed in the order in which it should be. */
export class Scene {
  readonly home: Segment;
  readonly #parts: Part[] = [];
  #machines = 0;

  private constructor(home: Segment) {
    this.home = home;
  }

  /** `number` is that of the network at home. */
  static async create(number: number): Promise<Scene> {
    return new Scene(await Segment.create(number));
  }

  /** Something that is closed with the scene. */
  add<T extends Part>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  /** One more machine at home, on which a tunnel is set up; it is not started. */
  async addMachine(ticket: Ticket, gateways: readonly string[], ...options: string[]): Promise<Machine> {
    const machine = this.add(await Machine.create(this.home, ++this.#machines));
    await machine.setUp(ticket, gateways, ...options);
    return machine;
  }

  async close(): Promise<void> {
    for (const part of this.#parts.reverse()) await part.close();
    await this.home.close();
  }
}
