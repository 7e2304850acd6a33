import { type Config, findDomain } from '../config/config.ts';
import { type ErrorCode, type Exchange, judgeRequest, type ReplyCode, type Wanted } from '../core/exchange/exchange.ts';
import { SourceQuota } from '../core/exchange/source-limits.ts';
import { deriveSources, type IpAddress, type Source } from '../core/values/ip-address.ts';
import type { DomainName } from '../core/values/names.ts';
import type { Attention } from '../log/flood-guard.ts';

/** The desk remembers this many sources of each kind, some 2 MB, and forgets the quietest beyond that. */
const SOURCES_REMEMBERED = 16_384;

/** Counts what happens at the desk. */
export interface DeskMeter {
  connected(): void;
  /** The domain is known where both domain and key were good. */
  answered(domain: DomainName | undefined, code: ReplyCode, seconds: number): void;
}

/** One client of a door, from its connection to its reply. */
export interface Visit {
  readonly from: IpAddress;
  /** By the clock that does not jump. */
  readonly sinceMilliseconds: number;
  /** The source that it counts against, for as long as it does. */
  source: Source | undefined;
  /** `wgkex check` connects on the gateway itself. That is not traffic, and is neither logged nor counted. */
  isLook: boolean;
  domain: DomainName | undefined;
}

/** What a client wants, as its door read it, with everything that it sent for the log. */
export interface Said extends Wanted {
  readonly sent: string;
}

/** What the log says about a refusal. */
interface Why {
  readonly limit?: 'connections' | 'connections_per_source' | 'exchanges_per_source_burst';
  readonly sent?: string;
}

/**
 * Decides for all doors of the listener: whether a domain is served and a key is sound, how much a source may use, and
 * how many requests may be with the handler at once. It logs refusals and counts replies. How a client sends its lines
 * and gets its reply is up to its door.
 */
export class Desk {
  #config: Config;
  readonly #ask: (exchange: Exchange) => Promise<ReplyCode>;
  readonly #attention: Attention;
  readonly #meter: DeskMeter;
  readonly #sources: SourceQuota;
  /** Requests that are with the handler, including those of clients that went away. */
  #unanswered = 0;

  constructor(config: Config, ask: (exchange: Exchange) => Promise<ReplyCode>, attention: Attention, meter: DeskMeter) {
    this.#config = config;
    this.#ask = ask;
    this.#attention = attention;
    this.#meter = meter;
    this.#sources = new SourceQuota(readSourceLimits(config));
  }

  get config(): Config {
    return this.#config;
  }

  /** The new limits and domains apply from now on. */
  configure(config: Config): void {
    this.#config = config;
    this.#sources.configure(readSourceLimits(config));
  }

  /** A domain's own name, for any of its names. */
  readonly findDomainName = (name: string): DomainName | undefined => findDomain(this.#config, name)?.name;

  /** One more client; it counts against its source until it is answered or leaves. */
  open(from: IpAddress): Visit {
    this.#meter.connected();
    return { from, sinceMilliseconds: performance.now(), source: undefined, isLook: false, domain: undefined };
  }

  /** False if the source of a visit already has too many connections. */
  countAgainstSource(visit: Visit): boolean {
    const [source] = this.#findSources(visit.from);
    if (source === undefined) return true;
    if (!this.#sources.open(source)) return false;
    visit.source = source;
    return true;
  }

  /** Passes a sound request to the handler if its source has not used up its share; refuses any other. */
  async exchange(visit: Visit, said: Said): Promise<ReplyCode> {
    const request = judgeRequest(said, this.findDomainName);
    if ('refused' in request) return this.refuse(visit, request.refused, { sent: said.sent });
    const { limits } = this.#config;
    if (this.#unanswered >= limits.connections) return this.refuse(visit, 'BUSY', { limit: 'connections' });
    visit.domain = request.domain;
    if (!this.#sources.takeToken(this.#findSources(visit.from), performance.now()))
      return this.refuse(visit, 'BUSY', { limit: 'exchanges_per_source_burst' });
    this.#unanswered++;
    const reply = await this.#ask({ ...request, from: visit.from, ...(visit.isLook ? { look: true } : {}) });
    this.#unanswered--;
    return reply;
  }

  /** Logs the refusal of a client; returns the code to reply with. */
  refuse({ from, isLook }: Visit, code: ErrorCode, why: Why = {}): ErrorCode {
    if (!isLook) this.#attention.report('refused', { from, code, ...why }, { by: ['from', 'code', 'limit'] });
    return code;
  }

  /** Counts the reply. Its source may open the next connection, however long this one takes to close. */
  answered(visit: Visit, code: ReplyCode): void {
    this.leave(visit);
    const seconds = (performance.now() - visit.sinceMilliseconds) / 1000;
    if (!visit.isLook) this.#meter.answered(visit.domain, code, seconds);
  }

  /** The client is gone, with or without a reply. */
  leave(visit: Visit): void {
    if (visit.source !== undefined) this.#sources.close(visit.source);
    visit.source = undefined;
  }

  /** None if the address is exempt from limits. */
  #findSources(from: IpAddress): Source[] {
    const isExempt = this.#config.limits.exempt.some((network) => network.contains(from));
    return isExempt ? [] : deriveSources(from);
  }
}

function readSourceLimits({ limits }: Config) {
  return {
    connections: limits.connections_per_source,
    burst: limits.exchanges_per_source_burst,
    perSecond: limits.exchanges_per_source_per_second,
    remembered: SOURCES_REMEMBERED,
  };
}
