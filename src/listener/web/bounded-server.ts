import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Deadline } from '../../handler-client/deadline.ts';
import { WaitingLine } from '../waiting-line.ts';

/** Read for each connection, so that they may change. */
export interface WebLimits {
  /** With more connections that wait for their client, the one that has waited longest is cut. */
  readonly connections: number;
  /** For each step that a client takes, such as its headers. */
  readonly seconds: number;
  /** Of each connection; as many as its client likes if undefined. Never changes. */
  readonly requests?: number;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** One connection. */
interface Client {
  deadline: Deadline | undefined;
  /** The oldest unanswered request's. */
  response: ServerResponse | undefined;
  /** Requests that are read and not answered yet. */
  unanswered: number;
  /** What had been read when it began to wait: more than that is the beginning of a request. */
  bytesBefore: number;
  isEnding: boolean;
  /** What had been read when it was refused. */
  bytesAtEnd: number;
}

const HEADER_BYTES = 8192;
/** Node checks its connections at an interval, which would wake it up; these have deadlines of their own. */
const NEVER_MILLISECONDS = 2 ** 31 - 1;
/** A client that sends more requests without waiting for the replies is cut: Node would keep them all. */
const MAX_UNANSWERED = 8;
/** How long a refused connection may stay open: its client must get the reply before a reset could overtake it. */
const LINGER_MILLISECONDS = 1000;
/** The most that is read from a client after it was refused. */
const IGNORED_BYTES = 65_536;
/** RFC 9110, 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
/** What the parser refuses gets 400, but for these. */
const PARSER_STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

/**
 * Node's HTTP server for connections that are handed to it, within limits. A reply is never informational (1xx), and
 * `Expect` and `Upgrade` change nothing.
 */
export class BoundedServer {
  readonly #server: Server;
  readonly #limits: () => WebLimits;
  readonly #clients = new Map<Socket, Client>();
  /** Those that wait for their client, and not the other way around. */
  readonly #waiting = new WaitingLine<Socket>(() => this.#makeRoom());

  constructor(answer: Answer, limits: () => WebLimits) {
    this.#limits = limits;
    // Node refuses a request without Host with a reply that only the end of the connection ends.
    const options = {
      connectionsCheckingInterval: NEVER_MILLISECONDS,
      maxHeaderSize: HEADER_BYTES,
      requireHostHeader: false,
    };
    this.#server = createServer(options);
    this.#server.keepAliveTimeout = 0;
    this.#server.maxRequestsPerSocket = limits().requests ?? 0;
    // A client may close its sending side after its request.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    const take = (request: IncomingMessage, response: ServerResponse) => this.#take(request, response, answer);
    for (const event of ['request', 'checkContinue', 'checkExpectation']) this.#server.on(event, take);
    this.#server.on('connect', (_, socket) => this.#end(socket as Socket, 405));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#end(socket as Socket, PARSER_STATUS[error.code ?? ''] ?? 400),
    );
  }

  /** Open connections. */
  get connections(): number {
    return this.#clients.size;
  }

  accept(socket: Socket): void {
    const client = {
      deadline: undefined,
      response: undefined,
      unanswered: 0,
      bytesBefore: 0,
      isEnding: false,
      bytesAtEnd: 0,
    };
    this.#clients.set(socket, client);
    socket.on('close', () => this.#forget(socket));
    // Node's own listeners go when a client asks for a tunnel.
    socket.on('error', () => {});
    this.#server.emit('connection', socket);
    this.#wait(socket);
    this.#makeRoom();
  }

  /** The client takes its next step: it has the whole time again. */
  renew(socket: Socket): void {
    if (this.#clients.get(socket)?.isEnding === false) this.#wait(socket);
  }

  /** The client waits for its reply now, for as long as that takes. */
  hold(socket: Socket): void {
    this.#waiting.delete(socket);
    this.#clients.get(socket)?.deadline?.cancel();
  }

  /** Cuts the connections that have no request under way. */
  cutIdle(): void {
    for (const [socket, { unanswered, bytesBefore }] of this.#clients)
      if (unanswered === 0 && bytesBefore > 0 && socket.bytesRead === bytesBefore) socket.destroy();
  }

  cutAll(): void {
    for (const socket of this.#clients.keys()) socket.destroy();
  }

  #take(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const { socket } = request;
    const client = this.#clients.get(socket);
    if (client === undefined) return;
    if (++client.unanswered > MAX_UNANSWERED) {
      socket.destroy();
      return;
    }
    client.response ??= response;
    response.on('close', () => this.#finish(socket, client));
    // On Node 18, of a reply to a connection that a later request has ended: without a listener it would end the process.
    response.on('error', () => socket.destroy());
    if (!isWellFormed(request)) {
      this.#end(socket, 400);
      return;
    }
    answer(request, response).catch(() => socket.destroy());
  }

  #finish(socket: Socket, client: Client): void {
    client.unanswered--;
    client.response = undefined;
    if (client.unanswered === 0 && !socket.destroyed && !client.isEnding) this.#wait(socket);
  }

  #wait(socket: Socket): void {
    const client = this.#clients.get(socket);
    if (client === undefined) return;
    client.bytesBefore = client.unanswered === 0 ? socket.bytesRead : client.bytesBefore;
    client.deadline?.cancel();
    client.deadline = new Deadline(this.#limits().seconds * 1000, () => this.#end(socket, 408));
    this.#waiting.delete(socket);
    this.#waiting.add(socket);
  }

  #makeRoom(): void {
    while (this.#waiting.size > this.#limits().connections) {
      const longestWaiting = this.#waiting.findLongest();
      if (longestWaiting === undefined) return;
      this.#end(longestWaiting, 503);
    }
  }

  /** Ends a connection with an empty reply, or without one where no request has begun that it could be for. */
  #end(socket: Socket, status: number): void {
    const client = this.#clients.get(socket);
    this.#waiting.delete(socket);
    if (client === undefined) return;
    if (client.isEnding) {
      if (socket.bytesRead > client.bytesAtEnd + IGNORED_BYTES) socket.destroy();
      return;
    }
    client.isEnding = true;
    client.bytesAtEnd = socket.bytesRead;
    client.deadline?.cancel();
    client.deadline = new Deadline(LINGER_MILLISECONDS, () => socket.destroy());
    if (client.unanswered === 1 && client.response?.headersSent === false) respondEmpty(client.response, status);
    else if (client.unanswered === 0 && socket.writable && socket.bytesRead > client.bytesBefore)
      socket.end(formatEmptyReply(status));
    else socket.destroy();
  }

  #forget(socket: Socket): void {
    this.#clients.get(socket)?.deadline?.cancel();
    this.#clients.delete(socket);
    this.#waiting.delete(socket);
  }
}

/** What Node's parser lets through: HTTP/1.1 without Host; in Node 18 also a blank before a colon. */
function isWellFormed({ httpVersion, headers, rawHeaders }: IncomingMessage): boolean {
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  return (httpVersion !== '1.1' || headers.host !== undefined) && names.every((name) => TOKEN.test(name));
}

/** A reply without a body, after which the connection ends. */
export function respondEmpty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...headers, 'Content-Length': 0, Connection: 'close' }).end();
}

function formatEmptyReply(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
}
