import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { version } from '../../../package.json';
import type { Config, DomainConfig } from '../../config/config.ts';
import type { ReplyCode } from '../../core/exchange/exchange.ts';
import type { Answer } from '../../core/fleet/answers.ts';
import { PEER_STATES } from '../../core/peers/peer-state.ts';
import type { DomainNumbers } from '../../core/privsep/requests.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { HandlerMeter } from '../../handler-client/keeper.ts';
import type { DeskMeter, FleetMeter, HttpMeter } from '../desk.ts';
import type { FleetMetrics, FleetSource } from './fleet.ts';
import { registerProcessMetrics } from './process.ts';

/** The sources of numbers that are read only at a scrape. */
export interface MetricsSources {
  readonly doors: readonly { readonly connections: number }[];
  readonly handler: { readonly isServing: boolean; findNumbers(domain: DomainName): Promise<DomainNumbers | null> };
  readonly fleet: FleetSource;
}

/** By default Prometheus gives up after 10 s. */
const NUMBERS_MILLISECONDS = 2000;
/** An exchange takes some milliseconds; `line_seconds` and the handler's limits are beyond a second. */
const EXCHANGE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const BATCH_EXCHANGES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** The possible results with a good domain and key, and without. Their counters exist from the start, at 0. */
const DOMAIN_RESULTS: readonly ReplyCode[] = ['OK', 'PROHIBITED_WGKEY', 'ADDRESS_TAKEN', 'FULL', 'BUSY', 'FAILED'];
/** Those that only a domain with leases has besides. */
const LEASE_RESULTS: readonly ReplyCode[] = ['INVALID_TOKEN', 'EXPIRED', 'TOKEN_USED'];
const OTHER_RESULTS: readonly ReplyCode[] = [
  'NO_DOMAIN',
  'NO_WGKEY',
  'INVALID_DOMAIN',
  'INVALID_WGKEY',
  'LINE_TOO_LONG',
  'BUSY',
];

/** The metrics for Prometheus. Counts reported events and reads the rest at a scrape; nothing runs in between. */
export class Metrics implements DeskMeter, HandlerMeter, HttpMeter, FleetMeter {
  readonly #sources: MetricsSources;
  readonly #registry = new Registry();
  readonly #exchanges = this.#count('wgkex_exchanges_total', 'Answered exchanges; domain is empty if unknown.', [
    'domain',
    'result',
  ]);
  readonly #duration = new Histogram({
    name: 'wgkex_exchange_duration_seconds',
    help: 'Time from the connection to the reply.',
    buckets: EXCHANGE_SECONDS,
    registers: [this.#registry],
  });
  readonly #accepted = this.#count('wgkex_connections_accepted_total', 'Accepted connections.');
  readonly #connections = this.#measure('wgkex_connections', 'Open connections.');
  readonly #handlerUp = this.#measure('wgkex_handler_up', 'Whether a handler is serving.');
  readonly #restarts = this.#count(
    'wgkex_handler_restarts_total',
    'How many times a handler ended and was started again.',
  );
  readonly #batches = new Histogram({
    name: 'wgkex_handler_batch_exchanges',
    help: 'Exchanges that the handler served in one batch.',
    labelNames: ['domain'],
    buckets: BATCH_EXCHANGES,
    registers: [this.#registry],
  });
  readonly #domainUp = this.#measure('wgkex_domain_up', 'Whether the peers of a domain can be read.', ['domain']);
  readonly #peers = this.#measure('wgkex_peers', 'Peers by their state.', ['domain', 'state']);
  readonly #maxPeers = this.#measure('wgkex_max_peers', 'The most keys that a domain may have.', ['domain']);
  readonly #maxPending = this.#measure(
    'wgkex_max_pending_peers',
    'The most keys of a domain that may never have connected.',
    ['domain'],
  );
  readonly #entries = this.#measure('wgkex_forwarding_entries', 'Forwarding entries to peers.', ['domain']);
  readonly #passes = this.#count('wgkex_cleanup_passes_total', 'Passes of the cleanup.', ['domain']);
  readonly #removals = this.#count('wgkex_cleanup_removals_total', 'Keys that the cleanup removed.', ['domain']);
  readonly #lastPass = this.#measure(
    'wgkex_cleanup_last_pass_timestamp_seconds',
    'When the last pass was; 0 if there was none.',
    ['domain'],
  );
  #httpRequests: Counter | undefined;
  #httpDuration: Histogram | undefined;
  #fleet: FleetMetrics | undefined;
  #domains: readonly DomainConfig[] = [];

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    const labels = { version, node: process.versions.node };
    this.#measure('wgkex_build_info', 'The versions of wgkex and of Node.', Object.keys(labels)).set(labels, 1);
    registerProcessMetrics(this.#registry);
    for (const result of OTHER_RESULTS) this.#exchanges.inc({ domain: '', result }, 0);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  configure({ domains, http }: Config): void {
    if (http !== undefined) this.#registerHttp();
    const known = new Set(this.#domains.map(({ name }) => name));
    this.#domains = [...domains.values()];
    for (const { name: domain, leased } of this.#domains) {
      if (!known.has(domain)) this.#batches.zero({ domain });
      const results = leased === undefined ? DOMAIN_RESULTS : [...DOMAIN_RESULTS, ...LEASE_RESULTS];
      for (const result of results) this.#exchanges.inc({ domain, result }, 0);
    }
  }

  /** Without `[mqtt]` nothing of the fleet is loaded or counted. */
  async configureFleet({ mqtt }: Config): Promise<void> {
    if (mqtt === undefined) {
      this.#fleet = undefined;
      return;
    }
    const { FleetMetrics } = await import('./fleet.ts');
    this.#fleet ??= new FleetMetrics();
  }

  connected(): void {
    this.#accepted.inc();
  }

  answered(domain: DomainName | undefined, result: ReplyCode, seconds: number): void {
    this.#exchanges.inc({ domain: domain ?? '', result });
    this.#duration.observe(seconds);
  }

  httpAnswered(path: string, status: number, seconds: number): void {
    this.#httpRequests?.inc({ path, status });
    this.#httpDuration?.observe(seconds);
  }

  fleetAnswered(gateway: string, answer: Answer, seconds: number): void {
    this.#fleet?.fleetAnswered(gateway, answer, seconds);
  }

  handlerRestarted(): void {
    this.#restarts.inc();
  }

  batchServed(domain: DomainName, exchanges: number): void {
    this.#batches.observe({ domain }, exchanges);
  }

  /** The text for a scrape; without the handler's numbers if it does not answer within 2 s. */
  async render(): Promise<string> {
    const { doors, handler, fleet } = this.#sources;
    const domains = this.#domains;
    const numbers = await Promise.all(domains.map(({ name }) => withinTime(handler.findNumbers(name))));
    this.#connections.set(doors.reduce((sum, { connections }) => sum + connections, 0));
    this.#handlerUp.set(handler.isServing ? 1 : 0);
    const ofDomains = [this.#domainUp, this.#peers, this.#maxPeers, this.#maxPending, this.#entries];
    for (const metric of [...ofDomains, this.#passes, this.#removals, this.#lastPass]) metric.reset();
    for (const [index, domain] of domains.entries()) this.#setDomain(domain, numbers[index] ?? null);
    const texts = [this.#registry.metrics(), this.#fleet?.render(fleet, performance.now()) ?? ''];
    return (await Promise.all(texts)).join('');
  }

  /** Without `[http]` there is nothing to count. */
  #registerHttp(): void {
    this.#httpRequests ??= this.#count('wgkex_http_requests_total', 'Answered HTTP requests.', ['path', 'status']);
    this.#httpDuration ??= new Histogram({
      name: 'wgkex_http_request_duration_seconds',
      help: 'Time from the headers of an HTTP request to the end of its reply.',
      buckets: EXCHANGE_SECONDS,
      registers: [this.#registry],
    });
  }

  #setDomain({ name: domain, max_peers, max_pending }: DomainConfig, numbers: DomainNumbers | null): void {
    this.#domainUp.set({ domain }, numbers === null ? 0 : 1);
    this.#maxPeers.set({ domain }, max_peers);
    this.#maxPending.set({ domain }, max_pending);
    if (numbers === null) return;
    for (const state of PEER_STATES) this.#peers.set({ domain, state }, numbers[state]);
    this.#entries.set({ domain }, numbers.entries);
    this.#passes.inc({ domain }, numbers.passes);
    this.#removals.inc({ domain }, numbers.removals);
    this.#lastPass.set({ domain }, numbers.lastPass);
  }

  #count(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #measure(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }
}

async function withinTime(numbers: Promise<DomainNumbers | null>): Promise<DomainNumbers | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, NUMBERS_MILLISECONDS, null);
  });
  return Promise.race([numbers, late]).finally(() => clearTimeout(timer));
}
