import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { hasLeases } from '../../config/config.ts';
import { findForwardedClient } from '../../core/exchange/forwarded.ts';
import {
  describeEndpoint,
  describeGrant,
  describeRefusal,
  describeSuccess,
  type HttpReply,
  parseHttpBody,
} from '../../core/exchange/http-messages.ts';
import type { IpAddress } from '../../core/values/ip-address.ts';
import { findClientAddress } from '../client-address.ts';
import type { Desk, HttpMeter, Served, Visit } from '../desk.ts';
import { BoundedServer, respondEmpty } from '../web/bounded-server.ts';
import { readBody } from './body.ts';
import { type Api, findRoute } from './routes.ts';

const BODY_BYTES = 4096;
const STEP_SECONDS = 5;
const SENT_CHARACTERS = 128;
/** After a `BUSY`. */
const RETRY_SECONDS = '10';

/** One connection. */
interface Client {
  readonly from: IpAddress;
  /** Undefined for a trusted proxy: its connections count in total only. */
  readonly visit: Visit | undefined;
  /** The source has too many connections. */
  readonly isRefused: boolean;
  /** Its requests are served one after the other. */
  lastServed: Promise<void>;
}

/** The door for HTTP: serves accepted connections within the limits, whichever sockets they come from. */
export class HttpServer {
  readonly #desk: Desk;
  readonly #meter: HttpMeter;
  readonly #web: BoundedServer;
  readonly #clients = new WeakMap<Socket, Client>();
  /** What would answer the requests that are with the handler if it took too long. */
  readonly #asking = new Set<() => void>();
  #isStopping = false;
  #onIdle: (() => void) | undefined;

  constructor(desk: Desk, meter: HttpMeter) {
    this.#desk = desk;
    this.#meter = meter;
    const limits = () => ({ connections: desk.config.limits.connections, seconds: STEP_SECONDS });
    this.#web = new BoundedServer((request, response) => this.#answer(request, response), limits);
  }

  get connections(): number {
    return this.#web.connections;
  }

  accept(socket: Socket): void {
    const from = findClientAddress(socket);
    if (from === undefined) {
      socket.destroy();
      return;
    }
    const opened = this.#desk.open(from);
    const visit = this.#isTrusted(from) ? undefined : opened;
    const isRefused = visit !== undefined && !this.#desk.countAgainstSource(visit);
    this.#clients.set(socket, { from, visit, isRefused, lastServed: Promise.resolve() });
    this.#web.accept(socket);
    // After the server has forgotten it, too.
    socket.on('close', () => {
      this.#desk.leave(opened);
      if (this.connections === 0) this.#onIdle?.();
    });
  }

  /** Resolves when nothing is under way any more, after `milliseconds` at the latest. */
  async drain(milliseconds: number): Promise<void> {
    this.#isStopping = true;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    this.#web.cutIdle();
    const timer = setTimeout(() => {
      for (const giveUp of this.#asking) giveUp();
      setImmediate(() => this.#web.cutAll());
    }, milliseconds);
    if (this.connections > 0) await idle;
    clearTimeout(timer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const client = this.#clients.get(request.socket);
    if (client === undefined) throw new Error('a request without a connection');
    const before = client.lastServed;
    client.lastServed = before.then(() => this.#serve(client, request, response));
    await client.lastServed;
  }

  async #serve(client: Client, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const since = performance.now();
    const { config } = this.#desk;
    const route = findRoute(request.url ?? '', { more: config.http?.paths ?? [], hasLeases: hasLeases(config) });
    response.on('finish', () =>
      this.#meter.httpAnswered(route?.label ?? 'other', response.statusCode, (performance.now() - since) / 1000),
    );
    if (route === undefined) respondEmpty(response, 404);
    else if (!route.methods.includes(request.method ?? ''))
      respondEmpty(response, 405, { Allow: route.methods.join(', ') });
    else if (route.kind === 'text') this.#send(response, 200, 'text/plain', route.text);
    else await this.#exchange(client, route.kind, request, response);
  }

  async #exchange(client: Client, kind: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#web.renew(request.socket);
    const body = await readBody(request, BODY_BYTES);
    if (response.headersSent) return;
    if (body === undefined) {
      respondEmpty(response, 413);
      return;
    }
    this.#web.hold(request.socket);
    const visit = this.#beginVisit(client, request);
    const { status, body: reply } = await this.#decide(client, visit, kind, body);
    const busy = status === 429 ? { 'Retry-After': RETRY_SECONDS } : {};
    this.#send(response, status, 'application/json', JSON.stringify(reply), busy);
    // It has as long to take its reply: one that never reads would otherwise stay for ever.
    this.#web.renew(request.socket);
  }

  async #decide(client: Client, visit: Visit, kind: Api, body: string): Promise<HttpReply> {
    const isCounted = !client.isRefused && (client.visit !== undefined || this.#desk.countAgainstSource(visit));
    const served: Served = isCounted
      ? await this.#ask(visit, kind, body)
      : { code: this.#desk.refuse(visit, 'BUSY', { limit: 'connections_per_source' }) };
    const { code, gateway, grant } = served;
    this.#desk.answered(visit, code);
    if (code !== 'OK') return describeRefusal(code);
    if (grant !== undefined) return describeGrant(grant);
    return gateway === undefined ? describeSuccess() : describeEndpoint(gateway);
  }

  /** Resolves with `BUSY` if the service stops before the handler has answered. */
  async #ask(visit: Visit, kind: Api, body: string): Promise<Served> {
    const { http } = this.#desk.config;
    const wanted = parseHttpBody(body, http?.default_domain);
    // Somebody may have put the token itself in place of the proof.
    const sent = wanted.proof === undefined ? body : [wanted.name, wanted.key].join(' ');
    const said = { ...wanted, sent: sent.slice(0, SENT_CHARACTERS) };
    return new Promise((resolve) => {
      const giveUp = () => settle({ code: 'BUSY' });
      const settle = (served: Served) => {
        this.#asking.delete(giveUp);
        resolve(served);
      };
      this.#asking.add(giveUp);
      const served =
        kind === 'lease' ? this.#desk.exchange(visit, said) : this.#desk.exchangeAnywhere(visit, said, kind);
      void served.then(settle);
    });
  }

  #beginVisit({ from, visit }: Client, { headers }: IncomingMessage): Visit {
    if (visit !== undefined) return this.#desk.begin(from, from);
    const forwarded = [headers['x-forwarded-for']].flat().join(',');
    const router = findForwardedClient(forwarded, (address) => this.#isTrusted(address));
    return this.#desk.begin(router, router ?? from);
  }

  #isTrusted(address: IpAddress): boolean {
    return this.#desk.config.http?.trusted_proxies.some((network) => network.contains(address)) === true;
  }

  #send(response: ServerResponse, status: number, type: string, text: string, headers: object = {}): void {
    const ending = this.#isStopping ? { Connection: 'close' } : {};
    const length = Buffer.byteLength(text);
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': length, ...headers, ...ending }).end(text);
  }
}
