import { exchange, makeKey } from '../../lab/client.ts';
import { Background, eventually } from '../../lab/commands.ts';

/** The shell service, another build of wgkex, this one, what Node alone can do, and both of these over HTTP. */
export const SERVER_NAMES = ['old', 'before', 'wgkex', 'limit', 'http', 'http limit'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export const DOMAIN = 'ffww01';

export interface ServerSetup {
  readonly name: ServerName;
  /** What the load speaks; the two lines if undefined. */
  readonly door?: 'http';
  /** The network namespace that it runs in, and its address there. */
  readonly namespace: string;
  readonly host: string;
  readonly command: readonly string[];
  readonly environment?: Record<string, string>;
  /** The file that gets its standard error. */
  readonly log: string;
  /** Before it is started. */
  install?(): Promise<void>;
  /**
   * Makes its interfaces again, with this number of peers that never had a handshake. Returns the process of wireguard-go;
   * undefined where the kernel does its work, or where there is none to do.
   */
  reset(peers: number): Promise<number | undefined>;
}

/** One of those that are compared. */
export class Server {
  readonly #setup: ServerSetup;
  #running: Background | undefined;
  #wireguardPid: number | undefined;

  constructor(setup: ServerSetup) {
    this.#setup = setup;
  }

  get name(): ServerName {
    return this.#setup.name;
  }

  get door(): 'http' | undefined {
    return this.#setup.door;
  }

  get host(): string {
    return this.#setup.host;
  }

  /** The first process; all others of the server descend from it. */
  get pid(): number {
    if (this.#running === undefined) throw new Error(`${this.name} was not started`);
    return this.#running.pid;
  }

  get wireguardPid(): number | undefined {
    return this.#wireguardPid;
  }

  /** Starts it and waits for its first reply. */
  async start(): Promise<void> {
    const { namespace, command, environment, log } = this.#setup;
    await this.#setup.install?.();
    const logged = ['-c', 'exec "$@" 2>>"$0"', log, 'ip', 'netns', 'exec', namespace, ...command];
    const running = new Background('sh', logged, { ...process.env, ...environment });
    this.#running = running;
    const answers = async () => (await exchange(this.host, DOMAIN, makeKey()).catch(() => '')) === 'OK\n';
    await eventually(`${this.name} answers OK`, async () => running.hasEnded || answers());
    if (running.hasEnded) throw new Error(`${this.name} ended; see ${log}`);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async reset(peers = 0): Promise<void> {
    this.#wireguardPid = await this.#setup.reset(peers);
  }
}
