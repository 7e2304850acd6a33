import type { Config } from '../../config/config.ts';
import type { ReplyCode } from '../../core/exchange/exchange.ts';
import type { Answer } from '../../core/fleet/answers.ts';
import { InputError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { HandlerMeter } from '../../handler-client/keeper.ts';
import type { Log } from '../../log/log.ts';
import type { DeskMeter, FleetMeter, HttpMeter } from '../desk.ts';
import type { MetricsEndpoint } from './endpoint.ts';
import type { Metrics, MetricsSources } from './exporter.ts';

/** Metrics, if the configuration enables them. Otherwise nothing is loaded, counted or listened on for them. */
export class MetricsService implements DeskMeter, HandlerMeter, HttpMeter, FleetMeter {
  readonly #log: Log;
  #metrics: Metrics | undefined;
  #endpoint: MetricsEndpoint | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** From now on everything is counted, or nothing. */
  async configure(config: Config, sources: MetricsSources): Promise<void> {
    if (config.metrics.listen === undefined) {
      this.#endpoint?.close();
      this.#endpoint = undefined;
      this.#metrics = undefined;
      return;
    }
    const { Metrics } = await import('./exporter.ts');
    this.#metrics ??= new Metrics(sources);
    this.#metrics.configure(config);
    await this.#metrics.configureFleet(config);
  }

  /** Logs an address that cannot be listened on, and goes on: routers are served without metrics, too. */
  async open({ metrics: { listen } }: Config): Promise<void> {
    if (listen === undefined || this.#metrics === undefined) return;
    const { MetricsEndpoint } = await import('./endpoint.ts');
    this.#endpoint ??= new MetricsEndpoint(this.#metrics);
    await this.#endpoint.open(listen).catch((error) => {
      if (!(error instanceof InputError)) throw error;
      this.#log.report('metrics unavailable', { reason: error.message });
    });
  }

  connected(): void {
    this.#metrics?.connected();
  }

  answered(domain: DomainName | undefined, code: ReplyCode, seconds: number): void {
    this.#metrics?.answered(domain, code, seconds);
  }

  httpAnswered(path: string, status: number, seconds: number): void {
    this.#metrics?.httpAnswered(path, status, seconds);
  }

  fleetAnswered(gateway: string, answer: Answer, seconds: number): void {
    this.#metrics?.fleetAnswered(gateway, answer, seconds);
  }

  handlerRestarted(): void {
    this.#metrics?.handlerRestarted();
  }

  batchServed(domain: DomainName, exchanges: number): void {
    this.#metrics?.batchServed(domain, exchanges);
  }
}
