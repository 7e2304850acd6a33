import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { InputError } from '../../core/values/errors.ts';
import { formatHostPort, type HostPort } from '../../core/values/host-port.ts';

/** A page, rendered for each request. */
interface Page {
  readonly contentType: string;
  render(): Promise<string>;
}

const PATH = '/metrics';
/** One more evicts the connection that has been open longest, so that slow clients keep nobody out. */
const MAX_CONNECTIONS = 16;
const CONNECTION_MILLISECONDS = 5000;
const HEADER_BYTES = 8192;
/** Node checks its connections at an interval, which would wake it up; these have a deadline of their own. */
const NEVER_MILLISECONDS = 2 ** 31 - 1;

/** Serves one page over HTTP, with one request per connection. */
export class MetricsEndpoint {
  readonly #page: Page;
  readonly #connectionMilliseconds: number;
  /** The oldest first. */
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #name: string | undefined;

  constructor(page: Page, connectionMilliseconds = CONNECTION_MILLISECONDS) {
    this.#page = page;
    this.#connectionMilliseconds = connectionMilliseconds;
  }

  /**
   * Moves to another address. The earlier one is closed first: it may be the same port, and after an operator has
   * narrowed the address, clients beyond it must not get an answer any more.
   * @throws InputError if the address cannot be listened on; then the endpoint is closed.
   */
  async open(address: HostPort): Promise<void> {
    const name = formatHostPort(address);
    if (name === this.#name) return;
    this.close();
    this.#server = await this.#listen(name, address);
    this.#name = name;
  }

  close(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#name = undefined;
    for (const socket of this.#sockets) this.#cut(socket);
  }

  #listen(name: string, address: HostPort): Promise<Server> {
    const options = { connectionsCheckingInterval: NEVER_MILLISECONDS, maxHeaderSize: HEADER_BYTES };
    const server = createServer(options, (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    server.maxRequestsPerSocket = 1;
    server.on('connection', (socket) => this.#accept(socket));
    return new Promise((resolve, reject) => {
      server.on('error', (error: NodeJS.ErrnoException) =>
        reject(new InputError(`Cannot listen on ${name}: ${error.code ?? error.message}`, { cause: error })),
      );
      server.listen(address, () => resolve(server));
    });
  }

  #accept(socket: Socket): void {
    const deadline = setTimeout(() => this.#cut(socket), this.#connectionMilliseconds);
    this.#sockets.add(socket);
    socket.on('close', () => {
      clearTimeout(deadline);
      this.#sockets.delete(socket);
    });
    const [oldest] = this.#sockets;
    if (oldest !== undefined && this.#sockets.size > MAX_CONNECTIONS) this.#cut(oldest);
  }

  /** Its 'close' comes later: many more may be accepted before that, and each would evict the same socket again. */
  #cut(socket: Socket): void {
    this.#sockets.delete(socket);
    socket.destroy();
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const isForPage = (method === 'GET' || method === 'HEAD') && url?.replace(/\?.*$/, '') === PATH;
    const text = isForPage ? await this.#page.render() : `There is only ${PATH}\n`;
    response.writeHead(isForPage ? 200 : 404, {
      'Content-Type': isForPage ? this.#page.contentType : 'text/plain',
      'Content-Length': Buffer.byteLength(text),
      Connection: 'close',
    });
    response.end(text);
  }
}
