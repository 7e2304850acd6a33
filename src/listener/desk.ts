import { type Config, findDomain } from '../config/config.ts';
import { type ErrorCode, type Exchange, judgeRequest, type ReplyCode, type Wanted } from '../core/exchange/exchange.ts';
import { SourceQuota } from '../core/exchange/source-limits.ts';
import { deriveSources, type IpAddress, type Source } from '../core/values/ip-address.ts';
import type { DomainName } from '../core/values/names.ts';
import type { Attention } from '../log/flood-guard.ts';

/** The desk remembers this many sources of each kind, some 2 MB, and then forgets the quietest. */
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
  /** `wgkex check` comes on the gateway itself, and is no traffic: neither logged nor counted. */
  isLook: boolean;
  domain: DomainName | undefined;
}

/** What a client said, as its door read it, and all of it for the log. */
export interface Said extends Wanted {
  readonly sent: string;
}

/** What the log says about a refusal. */
interface Why {
  readonly limit?: 'connections' | 'connections_per_source' | 'exchanges_per_source_burst';
  readonly sent?: string;
}

/**
 * What all doors of the listener ask: whether a domain is served and a key is sound, what a source may have, and how
 * much may be with the handler at once. It logs what is refused and counts what is answered; how a client says its
 * lines and gets its reply is its door's matter.
 */
export class Desk {
  #config: Config;
  readonly #ask: (exchange: Exchange) => Promise<ReplyCode>;
  readonly #attention: Attention;
  readonly #meter: DeskMeter;
  readonly #sources: SourceQuota;
  /** Requests that are with the handler, those of clients that went away included. */
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

  /** New limits and domains count for what comes from now on. */
  configure(config: Config): void {
    this.#config = config;
    this.#sources.configure(readSourceLimits(config));
  }

  /** A domain's own name, whichever of its names it is given. */
  readonly findDomainName = (name: string): DomainName | undefined => findDomain(this.#config, name)?.name;

  /** One more client; it counts against its source until it is answered or leaves. */
  open(from: IpAddress): Visit {
    this.#meter.connected();
    return { from, sinceMilliseconds: performance.now(), source: undefined, isLook: false, domain: undefined };
  }

  /** False where the source of a visit has too many connections already. */
  countAgainstSource(visit: Visit): boolean {
    const [source] = this.#findSources(visit.from);
    if (source === undefined) return true;
    if (!this.#sources.open(source)) return false;
    visit.source = source;
    return true;
  }

  /** Asks the handler for a sound request of a source that has not had its share; refuses any other. */
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

  /** Logs that a client gets no further; its reply is what is returned. */
  refuse({ from, isLook }: Visit, code: ErrorCode, why: Why = {}): ErrorCode {
    if (!isLook) this.#attention.report('refused', { from, code, ...why }, { by: ['from', 'code', 'limit'] });
    return code;
  }

  /** Counts the reply. The next connection of its source may come, however long the goodbye takes. */
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

  /** None where the address is exempt from limits. */
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
