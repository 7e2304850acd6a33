import type { Config } from '../config/config.ts';
import { InputError } from '../core/values/errors.ts';
import { HandlerKeeper } from '../handler-client/keeper.ts';
import { Attention } from '../log/flood-guard.ts';
import type { Log } from '../log/log.ts';
import { Desk } from './desk.ts';
import { HttpService } from './http/service.ts';
import { LinesServer } from './lines/server.ts';
import { MetricsService } from './metrics/service.ts';
import { MqttService } from './mqtt/service.ts';
import { ListeningSockets } from './sockets.ts';

/** For the connections that are open when the service stops. */
const DRAIN_MILLISECONDS = 4500;
/** For those connections, and for what the handler writes at its end: systemd would kill both after 10 s. */
const STOP_MILLISECONDS = 9500;

/** What the process around the service provides. */
export interface Surroundings {
  /** Reads the configuration. @throws InputError if it is bad. */
  readonly load: () => Config;
  readonly log: Log;
  /** For the sockets that systemd passes. */
  readonly environment: NodeJS.ProcessEnv;
  /** The handler has ended because the whole service has to restart. */
  readonly onRestartNeeded: () => void;
}

/** The listener without its process: sockets, doors, desk, handler and metrics, set up from one configuration. */
export class Service {
  readonly #load: () => Config;
  readonly #log: Log;
  readonly #attention: Attention;
  readonly #metrics: MetricsService;
  readonly #handler: HandlerKeeper;
  readonly #desk: Desk;
  readonly #server: LinesServer;
  readonly #sockets: ListeningSockets;
  readonly #http: HttpService;
  readonly #mqtt: MqttService;
  /** Reloads run one after the other, the first one once everything is set up. */
  #settled: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor(config: Config, { load, log, environment, onRestartNeeded }: Surroundings) {
    this.#load = load;
    this.#log = log;
    this.#attention = new Attention(log);
    this.#metrics = new MetricsService(log);
    this.#handler = new HandlerKeeper(findHandlerCommand(config), log, this.#metrics, onRestartNeeded);
    this.#desk = new Desk(config, this.#handler, this.#attention, this.#metrics);
    this.#server = new LinesServer(this.#desk);
    this.#sockets = new ListeningSockets((socket) => this.#server.accept(socket), environment);
    this.#http = new HttpService(this.#desk, this.#metrics, log, environment);
    this.#mqtt = new MqttService(this.#desk, this.#handler, { log, attention: this.#attention, meter: this.#metrics });
  }

  /** Serves routers. @throws InputError if an address cannot be listened on. */
  async open(): Promise<void> {
    const { config } = this.#desk;
    const opening = this.#open(config);
    this.#settled = opening.catch(() => {});
    await opening;
    this.#log.report('listening', { on: this.#describeSockets() });
  }

  /** Takes a new configuration without losing a connection; if it is bad, keeps the old one and logs why. */
  reload(): void {
    this.#settled = this.#settled
      .then(() => (this.#stopping === undefined ? this.#reload() : undefined))
      .catch((error) => {
        if (!(error instanceof InputError)) throw error;
        this.#log.report('kept the old configuration', { reason: error.message });
      });
  }

  /** Finishes what is under way within 9.5 s; further calls wait for the same end. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Logs what has only been counted so far. */
  flush(): void {
    this.#attention.flush();
  }

  async #open(config: Config): Promise<void> {
    // Counting starts before the first connection, and the routers' port opens before that of the metrics.
    await this.#configureMetrics(config);
    await this.#sockets.open(config.listen, this.#handler.isDecided);
    await this.#metrics.open(config);
    await this.#http.configure(config);
    await this.#mqtt.configure(config);
  }

  async #stop(): Promise<void> {
    this.#sockets.close();
    this.#http.close();
    this.#log.report('stopping', {});
    await withinTime(STOP_MILLISECONDS, async () => {
      const draining = [this.#server, this.#http].map((door) => door.drain(DRAIN_MILLISECONDS));
      await Promise.all([this.#mqtt.leave(), ...draining]);
      await this.#handler.stop();
      await this.#mqtt.stop();
    });
  }

  async #reload(): Promise<void> {
    const next = this.#load();
    await this.#sockets.configure(next.listen);
    if (!(await this.#handler.reload(findHandlerCommand(next)))) {
      await this.#sockets.configure(this.#desk.config.listen);
      return;
    }
    this.#log.configure(next.log);
    this.#desk.configure(next);
    await this.#configureMetrics(next);
    await this.#metrics.open(next);
    await this.#http.configure(next);
    await this.#mqtt.configure(next);
    this.#log.report('reloaded', { on: this.#describeSockets() });
  }

  /** The routers' ports, those of the HTTP door last. */
  #describeSockets(): string {
    return [...this.#sockets.names, ...this.#http.names.map((name) => `http://${name}`)].join(' ');
  }

  #configureMetrics(config: Config): Promise<void> {
    const doors = [this.#server, this.#http];
    return this.#metrics.configure(config, { doors, handler: this.#handler, fleet: this.#mqtt });
  }
}

/** A front alone has no interfaces, and needs no root. */
function findHandlerCommand({ handler, domains, mqtt }: Config): readonly string[] | undefined {
  return domains.size === 0 && mqtt !== undefined ? undefined : handler;
}

async function withinTime(milliseconds: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work(), late]).finally(() => clearTimeout(timer));
}
