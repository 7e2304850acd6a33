import { type FileHandle, open, readFile } from 'node:fs/promises';

const UPTIME = '/proc/uptime';
const INTERVAL_MILLISECONDS = 200;
/** Always as many characters: a reader sees one of two numbers, never a part. */
const CHARACTERS = 12;

/** A file like /proc/uptime (proc(5)), whose time a test can let skip, as it does when a machine sleeps. */
export class SleepClock {
  readonly #file: FileHandle;
  readonly #timer: NodeJS.Timeout;
  #skippedSeconds = 0;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle) {
    this.#file = file;
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MILLISECONDS);
  }

  static async open(path: string): Promise<SleepClock> {
    const clock = new SleepClock(await open(path, 'w'));
    await clock.#write();
    return clock;
  }

  skip(seconds: number): void {
    this.#skippedSeconds += seconds;
    this.#tick();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#file.close();
  }

  #tick(): void {
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const seconds = Number((await readFile(UPTIME, 'utf8')).split(' ')[0]) + this.#skippedSeconds;
    await this.#file.write(`${seconds.toFixed(2).padStart(CHARACTERS, '0')} 0.00\n`, 0);
  }
}
