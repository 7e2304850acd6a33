import { hostname } from 'node:os';
import { type Config, findDomain } from '../config/config.ts';
import {
  type ErrorCode,
  type Exchange,
  type Grant,
  judgeRequest,
  type ReplyCode,
  type SoundRequest,
  type Wanted,
} from '../core/exchange/exchange.ts';
import type { Gateway, GatewayInterface } from '../core/exchange/gateway.ts';
import { SourceQuota } from '../core/exchange/source-limits.ts';
import type { Answer } from '../core/fleet/answers.ts';
import { parseThirdLine } from '../core/leases/third-line.ts';
import type { Granted, LeaseExchange } from '../core/privsep/requests.ts';
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

/** Counts the requests of the HTTP door, whatever they are for. */
export interface HttpMeter {
  httpAnswered(path: string, status: number, seconds: number): void;
}

/** Counts what this machine asks the gateways of the fleet, itself among them. */
export interface FleetMeter {
  fleetAnswered(gateway: string, answer: Answer, seconds: number): void;
}

/** What the desk asks the handler. */
export interface Handler {
  ask(exchange: Exchange): Promise<ReplyCode>;
  askLease(exchange: LeaseExchange): Promise<Granted>;
  findGateway(domain: DomainName): Promise<GatewayInterface | undefined>;
}

/** What a front wants of a gateway for a router. */
export interface Wish {
  readonly exchange: Exchange;
  readonly location?: string | undefined;
}

/** The reply to a router; with the gateway that it should dial, if it asked for one and gets `OK`. */
export interface Served {
  readonly code: ReplyCode;
  readonly gateway?: Gateway;
  /** With `OK`, if it is a member. */
  readonly grant?: Grant;
  /** Nobody has said that it has the key: it was published to workers of freifunkMUC, which cannot. */
  readonly isUnacknowledged?: boolean;
}

/** This gateway, as one of those that a front can choose. */
export interface Own {
  ask(): Promise<ReplyCode>;
  describe(): Promise<Gateway | undefined>;
}

/** The other gateways of the community. */
export interface Fleet {
  /** The broker can be reached. */
  readonly isUp: boolean;
  /** And what it knows has arrived. */
  readonly isSettled: boolean;
  findDomainName(name: string): DomainName | undefined;
  /** Whether a gateway that is not known to be gone serves the domain. */
  hasGateways(domain: DomainName): boolean;
  /** By v1 all gateways take the key, by v2 one that the reply names. Never rejects. */
  serve(kind: 'v1' | 'v2', wish: Wish, own: Own): Promise<Served>;
}

/** One client of a door, from its connection to its reply. */
export interface Visit {
  /** Undefined if only a proxy in front of it is known. */
  readonly from: IpAddress | undefined;
  /** The address whose source the limits are for. */
  readonly accountable: IpAddress;
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
  readonly location?: string;
  /** A member's third line. */
  readonly proof?: string;
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
  readonly #handler: Handler;
  readonly #attention: Attention;
  readonly #meter: DeskMeter;
  readonly #sources: SourceQuota;
  /** Requests that are with the handler, including those of clients that went away. */
  #unanswered = 0;
  /** Those of them that came from fronts. */
  #fromFronts = 0;
  /** Undefined if this gateway is alone. */
  fleet: Fleet | undefined;

  constructor(config: Config, handler: Handler, attention: Attention, meter: DeskMeter) {
    this.#config = config;
    this.#handler = handler;
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

  /** One more connection. */
  open(from: IpAddress): Visit {
    this.#meter.connected();
    return this.begin(from, from);
  }

  /** One more exchange of a connection that may have several. */
  begin(from: IpAddress | undefined, accountable: IpAddress): Visit {
    const sinceMilliseconds = performance.now();
    return { from, accountable, sinceMilliseconds, source: undefined, isLook: false, domain: undefined };
  }

  /** Counts a visit until it is answered or leaves; false if its source already has too many of them. */
  countAgainstSource(visit: Visit): boolean {
    const [source] = this.#findSources(visit.accountable);
    if (source === undefined) return true;
    if (!this.#sources.open(source)) return false;
    visit.source = source;
    return true;
  }

  /** Whether the domain of this name has leases: its members send a third line. */
  hasLeases(name: string): boolean {
    return findDomain(this.#config, name)?.leased !== undefined;
  }

  /** Passes a sound request to the handler if its source has not used up its share; refuses any other. */
  async exchange(visit: Visit, said: Said): Promise<Served> {
    const judged = judgeRequest(said, this.findDomainName);
    // A look asks whether the handler answers.
    if (!visit.isLook && 'domain' in judged && this.hasLeases(judged.domain))
      return this.#exchangeLease(visit, judged, said);
    return this.#pass(visit, judged, said, async (exchange) => ({ code: await this.#handler.ask(exchange) }));
  }

  #exchangeLease(visit: Visit, judged: SoundRequest, { name = '', proof = '', sent }: Said): Promise<Served> {
    const isFormed = parseThirdLine(proof) !== undefined;
    const request = isFormed ? judged : ({ refused: 'NO_TOKEN' } as const);
    return this.#pass(visit, request, { sent }, ({ domain, key, from }) =>
      this.#handler.askLease({ domain, key, ...(from && { from }), name: name as DomainName, proof }),
    );
  }

  /** The same for a router that any gateway of the fleet may serve. With `OK` by v2 there is a gateway to dial. */
  async exchangeAnywhere(visit: Visit, said: Said, kind: 'v1' | 'v2'): Promise<Served> {
    const find = (name: string) => this.findDomainName(name) ?? this.fleet?.findDomainName(name);
    const judged = judgeRequest(said, find);
    if ('domain' in judged && this.hasLeases(judged.domain))
      return { code: this.refuse(visit, 'NO_TOKEN', { sent: said.sent }) };
    const isUnknown = 'refused' in judged && judged.refused === 'INVALID_DOMAIN';
    // Another gateway may serve it; nobody knows at the moment.
    if (isUnknown && this.fleet?.isSettled === false)
      return { code: this.refuse(visit, 'FAILED', { sent: said.sent }) };
    return this.#pass(visit, judged, said, (exchange) =>
      this.#serveAnywhere(visit, { exchange, location: said.location }, kind),
    );
  }

  /** For a front, which has judged the router's source; `isBelieved`: it counts where that one says it is. */
  async exchangeForFront(exchange: Exchange, isBelieved: boolean): Promise<ReplyCode> {
    const { limits, domains } = this.#config;
    if (!domains.has(exchange.domain) || this.hasLeases(exchange.domain)) return 'INVALID_DOMAIN';
    // Routers that come here themselves have the other half.
    if (this.#fromFronts >= limits.connections / 2) return 'BUSY';
    const since = performance.now();
    this.#fromFronts++;
    const hearsay = isBelieved || exchange.from === undefined ? {} : ({ hearsay: true } as const);
    const code = await this.#handler.ask({ ...exchange, ...hearsay });
    this.#fromFronts--;
    this.#meter.answered(exchange.domain, code, (performance.now() - since) / 1000);
    return code;
  }

  /** By a topic of freifunkMUC's broker: nobody waits for the reply. The handler logs what becomes of it. */
  async exchangeBroadcast(exchange: Exchange): Promise<void> {
    const since = performance.now();
    const code = await this.#handler.ask({ ...exchange, broadcast: true });
    this.#meter.answered(exchange.domain, code, (performance.now() - since) / 1000);
  }

  /** Logs the refusal of a client; returns the code to reply with. */
  refuse({ accountable: from, isLook }: Visit, code: ErrorCode, why: Why = {}): ErrorCode {
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

  async #pass(
    visit: Visit,
    request: ReturnType<typeof judgeRequest>,
    { sent }: Pick<Said, 'sent'>,
    serve: (exchange: Exchange) => Promise<Served>,
  ): Promise<Served> {
    if ('refused' in request) return { code: this.refuse(visit, request.refused, { sent }) };
    const { limits, domains } = this.#config;
    if (this.#unanswered >= limits.connections) return { code: this.refuse(visit, 'BUSY', { limit: 'connections' }) };
    if (domains.has(request.domain)) visit.domain = request.domain;
    if (!this.#sources.takeToken(this.#findSources(visit.accountable), performance.now()))
      return { code: this.refuse(visit, 'BUSY', { limit: 'exchanges_per_source_burst' }) };
    this.#unanswered++;
    const { from, isLook } = visit;
    const known = from === undefined ? {} : { from };
    const served = await serve({ ...request, ...known, ...(isLook ? { look: true } : {}) });
    this.#unanswered--;
    return served;
  }

  /** Without the fleet, or out of its reach, this gateway serves its own domains alone. */
  async #serveAnywhere({ from }: Visit, wish: Wish, kind: 'v1' | 'v2'): Promise<Served> {
    const { domain, key } = wish.exchange;
    const own = { ask: () => this.#handler.ask(wish.exchange), describe: () => this.#describeOwn(domain) };
    const isOwn = this.#config.domains.has(domain);
    const { fleet } = this;
    const isAlone = fleet === undefined || !fleet.isUp || (isOwn && !fleet.hasGateways(domain));
    if (isAlone && isOwn) return serveAlone(kind, own);
    const served = isAlone ? ({ code: 'FAILED' } as const) : await fleet.serve(kind, wish, own);
    const { code } = served;
    if (served.isUnacknowledged) this.#attention.report('unacknowledged', { domain, key, from }, { by: ['domain'] });
    if (code === 'FAILED' || code === 'FULL')
      this.#attention.report('not served', { domain, key, from, code }, { by: ['domain', 'code'] });
    return served;
  }

  /** What a router that was admitted needs to know; undefined if the handler cannot say. */
  async #describeOwn(domain: DomainName): Promise<Gateway | undefined> {
    const found = await this.#handler.findGateway(domain);
    return found && { ...found, name: this.#config.gateway.name ?? hostname() };
  }

  /** None if the address is exempt from limits. */
  #findSources(from: IpAddress): Source[] {
    const isExempt = this.#config.limits.exempt.some((network) => network.contains(from));
    return isExempt ? [] : deriveSources(from);
  }
}

async function serveAlone(kind: 'v1' | 'v2', own: Own): Promise<Served> {
  const code = await own.ask();
  if (code !== 'OK' || kind === 'v1') return { code };
  const gateway = await own.describe();
  return gateway === undefined ? { code: 'FAILED' } : { code, gateway };
}

function readSourceLimits({ limits }: Config) {
  return {
    connections: limits.connections_per_source,
    burst: limits.exchanges_per_source_burst,
    perSecond: limits.exchanges_per_source_per_second,
    remembered: SOURCES_REMEMBERED,
  };
}
