import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ANSWER_SECONDS, type Answer } from '../../core/fleet/answers.ts';
import { AVAILABILITIES, type Census } from '../../core/fleet/census.ts';
import type { FleetMeter } from '../desk.ts';

/** What is read only at a scrape. */
export interface FleetSource {
  /** The broker can be reached. */
  readonly isUp: boolean;
  /** The gateways that are known, by domain. */
  countGateways(): ReadonlyMap<string, Census>;
}

/** Anybody whom the broker admits can invent gateways and domains. Further ones are counted together, without a name. */
const MOST_GATEWAYS = 256;
const MOST_DOMAINS = 256;
/** A domain is shown this long after its last gateway has stopped: an alert needs a 0 rather than nothing. */
const REMEMBERED_MILLISECONDS = 86_400_000;
const ANSWER_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, ANSWER_SECONDS];
/** The answers to a good exchange. Their counters exist from a gateway's first one on, at 0. */
const ANSWERS: readonly Answer[] = [
  'OK',
  'PROHIBITED_WGKEY',
  'ADDRESS_TAKEN',
  'FULL',
  'BUSY',
  'FAILED',
  'silence',
  'unacknowledged',
];

/** The metrics of the fleet as this machine sees it. Loaded only with `[mqtt]`; gone, counters and all, without it. */
export class FleetMetrics implements FleetMeter {
  readonly #registry = new Registry();
  readonly #connected = new Gauge({
    name: 'wgkex_fleet_connected',
    help: 'Whether the MQTT broker can be reached.',
    registers: [this.#registry],
  });
  readonly #gateways = new Gauge({
    name: 'wgkex_fleet_gateways',
    help: 'Gateways of the fleet by their state, as this machine sees them.',
    labelNames: ['domain', 'state'],
    registers: [this.#registry],
  });
  readonly #exchanges = new Counter({
    name: 'wgkex_fleet_exchanges_total',
    help: 'Exchanges that a gateway of the fleet was asked for, by its answer.',
    labelNames: ['gateway', 'result'],
    registers: [this.#registry],
  });
  readonly #duration = new Histogram({
    name: 'wgkex_fleet_answer_seconds',
    help: 'Time until a gateway of the fleet answered.',
    buckets: ANSWER_BUCKETS,
    registers: [this.#registry],
  });
  /** The gateways that have counters of their own. */
  readonly #named = new Set<string>();
  /** The domains that are shown, with the time when a gateway of theirs was last known. */
  readonly #domains = new Map<string, number>();

  fleetAnswered(gateway: string, answer: Answer, seconds: number): void {
    this.#exchanges.inc({ gateway: this.#label(gateway), result: answer });
    if (answer !== 'silence' && answer !== 'unacknowledged') this.#duration.observe(seconds);
  }

  /** The text for a scrape; the time is that of the clock that does not jump. */
  render(fleet: FleetSource, nowMilliseconds: number): Promise<string> {
    this.#connected.set(fleet.isUp ? 1 : 0);
    this.#gateways.reset();
    // Without the broker nobody knows.
    if (fleet.isUp) this.#setGateways(fleet.countGateways(), nowMilliseconds);
    return this.#registry.metrics();
  }

  #label(gateway: string): string {
    if (this.#named.has(gateway)) return gateway;
    const label = this.#named.size < MOST_GATEWAYS ? gateway : '';
    if (label !== '') this.#named.add(label);
    for (const result of ANSWERS) this.#exchanges.inc({ gateway: label, result }, 0);
    return label;
  }

  #setGateways(found: ReadonlyMap<string, Census>, now: number): void {
    for (const [domain, since] of this.#domains)
      if (now - since >= REMEMBERED_MILLISECONDS) this.#domains.delete(domain);
    for (const domain of found.keys())
      if (this.#domains.has(domain) || this.#domains.size < MOST_DOMAINS) this.#domains.set(domain, now);
    for (const domain of this.#domains.keys()) this.#add(domain, undefined);
    for (const [domain, census] of found) this.#add(this.#domains.has(domain) ? domain : '', census);
  }

  #add(domain: string, census: Census | undefined): void {
    for (const state of AVAILABILITIES) this.#gateways.inc({ domain, state }, census?.[state] ?? 0);
  }
}
