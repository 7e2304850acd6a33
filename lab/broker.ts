import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { Background, eventually, pause } from './commands.ts';

/** Only unpacked, with its libraries; see bin/unpack. */
const PROGRAMS = 'node_modules/.cache/mosquitto';

/** Debian's Mosquitto in the test's own namespace, where every segment reaches it at its address `0.2`. */
export class Broker {
  readonly port: number;
  readonly #settings: string;
  #process: Background | undefined;

  private constructor(port: number, settings: string) {
    this.port = port;
    this.#settings = settings;
  }

  /** `settings` are lines of mosquitto.conf after the listener; by default everybody may do everything. */
  static async start(port: number, settings = 'allow_anonymous true'): Promise<Broker> {
    const broker = new Broker(port, settings);
    await mkdir(broker.directory, { recursive: true });
    await broker.start();
    return broker;
  }

  get directory(): string {
    return `/run/broker-${this.port}`;
  }

  /** What it logged since it was started. */
  get log(): string {
    return this.#process?.stderr ?? '';
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error('Mosquitto was not started');
    return this.#process.pid;
  }

  async start(): Promise<void> {
    const file = `${this.directory}/mosquitto.conf`;
    await writeFile(
      file,
      `listener ${this.port} 0.0.0.0\nuser root\npersistence true\npersistence_location ${this.directory}/\n${this.#settings}\n`,
    );
    const env = { ...process.env, LD_LIBRARY_PATH: PROGRAMS };
    const started = new Background(`${PROGRAMS}/mosquitto`, ['-c', file], env);
    this.#process = started;
    await eventually('Mosquitto listens', async () => started.hasEnded || (await isListening(this.port)));
    if (started.hasEnded) throw new Error(`Mosquitto ended: ${started.stderr}`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process?.stop(signal);
  }

  /** Makes it write what is retained; see mosquitto(8). */
  persist(): void {
    this.#process?.child.kill('SIGUSR1');
  }

  isPersistent(): boolean {
    return existsSync(`${this.directory}/mosquitto.db`);
  }

  /** Nobody hears from it, and nothing ends, for some time. */
  async freeze(milliseconds: number): Promise<void> {
    this.#process?.child.kill('SIGSTOP');
    await pause(milliseconds);
    this.#process?.child.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true });
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.on('connect', () => settle(true));
    socket.on('error', () => settle(false));
  });
}
