import { findChangedLink } from '../core/kernel/links.ts';
import type { Log } from '../log/log.ts';
import { type Following, follow } from '../system/run/follow.ts';

/** One `wg-quick up` changes its interface several times. */
const SETTLE_MILLISECONDS = 500;
const RESTART_MILLISECONDS = 10_000;

/** Calls back at its start, and when an interface is created or changed. Otherwise it sleeps, and costs nothing. */
export class LinkWatch {
  readonly #onChange: ReadonlyMap<string, () => void>;
  readonly #log: Log;
  readonly #settling = new Map<string, NodeJS.Timeout>();
  #following: Following | undefined;

  /** `onChange` holds the callbacks by the names of the interfaces. */
  constructor(onChange: ReadonlyMap<string, () => void>, log: Log) {
    this.#onChange = onChange;
    this.#log = log;
    void this.#run();
  }

  stop(): void {
    this.#following?.stop();
    this.#following = undefined;
    for (const timer of this.#settling.values()) clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const following = follow('ip', ['-oneline', 'monitor', 'link'], (line) => this.#read(line));
    this.#following = following;
    for (const onChange of new Set(this.#onChange.values())) onChange();
    const reason = await following.ended;
    if (this.#following === undefined) return;
    this.#log.report('interface watch stopped', { restart_ms: RESTART_MILLISECONDS, reason });
    setTimeout(() => void this.#run(), RESTART_MILLISECONDS).unref();
  }

  #read(line: string): void {
    const name = findChangedLink(line, this.#onChange.keys()) ?? '';
    const onChange = this.#onChange.get(name);
    if (onChange === undefined) return;
    // The timer does not restart: an interface that changes all the time is checked, too.
    if (this.#settling.has(name)) return;
    const settled = () => {
      this.#settling.delete(name);
      onChange();
    };
    this.#settling.set(name, setTimeout(settled, SETTLE_MILLISECONDS));
  }
}
