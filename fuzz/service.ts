import assert from 'node:assert/strict';
import { type Background, eventually, pause } from '../lab/commands.ts';
import type { Gateway } from '../lab/gateway.ts';
import { checkLogLine } from './log-lines.ts';
import { MemoryCurve } from './memory.ts';
import { countDescriptors, findChildren, readMemory } from './processes.ts';

/** The handler holds a domain's lock for a second after its last request. */
const IDLE_MILLISECONDS = 1500;
/** Enough for Node's output on an uncaught error. */
const LAST_LINES = 12;

/** A running listener and its handler, watched from outside. */
export class Service {
  readonly #listener: Background;
  readonly #handlerPid: number;
  readonly #descriptors: { readonly listener: number; readonly handler: number };
  readonly #memory = { listener: new MemoryCurve('listener'), handler: new MemoryCurve('handler') };

  private constructor(listener: Background, handlerPid: number, descriptors: { listener: number; handler: number }) {
    this.#listener = listener;
    this.#handlerPid = handlerPid;
    this.#descriptors = descriptors;
  }

  /** `tryOut` makes the service do everything once: resources that it keeps from then on are not a leak. */
  static async start(gateway: Gateway, tryOut: () => Promise<void>): Promise<Service> {
    const listener = await gateway.start();
    await tryOut();
    await pause(IDLE_MILLISECONDS);
    const [handlerPid = 0] = await findChildren(listener.pid);
    const descriptors = {
      listener: await countDescriptors(listener.pid),
      handler: await countDescriptors(handlerPid),
    };
    return new Service(listener, handlerPid, descriptors);
  }

  /** Resolves when the listener has no connections any more. */
  async becomesQuiet(): Promise<void> {
    await eventually(
      `the listener closes its extra descriptors (it started with ${this.#descriptors.listener})`,
      async () => this.#listener.hasEnded || (await countDescriptors(this.#listener.pid)) <= this.#descriptors.listener,
    );
  }

  /** Requires that the original processes are still running and that their log is valid. */
  async requireHealth(): Promise<void> {
    const lines = this.#takeLogLines();
    const children = this.#listener.hasEnded ? [] : await findChildren(this.#listener.pid);
    assert.deepEqual(children, [this.#handlerPid], `a process has ended; ${lines.slice(-LAST_LINES).join('\n')}`);
    for (const line of lines) checkLogLine(line);
  }

  async measureMemory(inputs: number): Promise<string> {
    this.#memory.listener.add(inputs, await readMemory(this.#listener.pid));
    this.#memory.handler.add(inputs, await readMemory(this.#handlerPid));
    return `, ${this.#memory.listener}, ${this.#memory.handler}`;
  }

  async requireNoLeak(): Promise<void> {
    await this.becomesQuiet();
    await eventually(
      `the handler closes its extra descriptors (it started with ${this.#descriptors.handler})`,
      async () => (await countDescriptors(this.#handlerPid)) <= this.#descriptors.handler,
    );
    this.#memory.listener.requireFlat();
    this.#memory.handler.requireFlat();
  }

  #takeLogLines(): string[] {
    const lines = this.#listener.stderr.split('\n');
    this.#listener.stderr = lines.pop() ?? '';
    return lines;
  }
}
