import type { Config } from '../../config/config.ts';
import { InputError } from '../../core/values/errors.ts';
import type { Log } from '../../log/log.ts';
import type { Desk, HttpMeter } from '../desk.ts';
import { ListeningSockets } from '../sockets.ts';
import type { HttpServer } from './server.ts';

/** The HTTP door with its sockets, if the configuration has `[http]`. Otherwise nothing of it is loaded. */
export class HttpService {
  readonly #desk: Desk;
  readonly #meter: HttpMeter;
  readonly #log: Log;
  readonly #environment: NodeJS.ProcessEnv;
  #server: HttpServer | undefined;
  #sockets: ListeningSockets;
  #isOpen = false;

  constructor(desk: Desk, meter: HttpMeter, log: Log, environment: NodeJS.ProcessEnv) {
    this.#desk = desk;
    this.#meter = meter;
    this.#log = log;
    this.#environment = environment;
    this.#sockets = this.#createSockets();
  }

  /** Open connections. */
  get connections(): number {
    return this.#server?.connections ?? 0;
  }

  /** Where connections are accepted now. */
  get names(): string[] {
    return this.#sockets.names;
  }

  /**
   * Opens the door, moves it, or closes it, as the configuration says; open connections continue. Logs a problem and
   * goes on: routers that speak the two lines are served all the same.
   */
  async configure({ http }: Config): Promise<void> {
    try {
      if (http === undefined) this.#close();
      else await this.#open(http);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#log.report('http unavailable', { reason: error.message });
    }
  }

  /** Accepts no more connections; open ones continue. */
  close(): void {
    this.#sockets.close();
  }

  async drain(milliseconds: number): Promise<void> {
    await this.#server?.drain(milliseconds);
  }

  async #open({ listen }: NonNullable<Config['http']>): Promise<void> {
    const { HttpServer } = await import('./server.ts');
    this.#server ??= new HttpServer(this.#desk, this.#meter);
    if (this.#isOpen) await this.#sockets.configure(listen);
    else await this.#sockets.open(listen);
    this.#isOpen = true;
    if (this.names.length === 0)
      throw new InputError('[http] has no address: expected listen in [http], or wgkex-http.socket started first');
  }

  #close(): void {
    if (!this.#isOpen) return;
    // A descriptor that systemd passed cannot be opened a second time; the next start gets it again.
    if (this.#sockets.hasInherited) throw new InputError('[http] is gone: wgkex-http.socket is served until a restart');
    this.#sockets.close();
    this.#sockets = this.#createSockets();
    this.#isOpen = false;
  }

  #createSockets(): ListeningSockets {
    return new ListeningSockets((socket) => this.#server?.accept(socket), this.#environment, 'http');
  }
}
