import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:net';
import { InputError } from '../../core/values/errors.ts';
import { formatHostPort, type HostPort } from '../../core/values/host-port.ts';
import { BoundedServer } from '../web/bounded-server.ts';

/** A page, rendered for each request. */
interface Page {
  readonly contentType: string;
  render(): Promise<string>;
}

const PATH = '/metrics';
/** One more evicts the connection that has been open longest, so that slow clients keep nobody out. */
const MAX_CONNECTIONS = 16;
const CONNECTION_SECONDS = 5;

/** Serves one page over HTTP, with one request per connection. */
export class MetricsEndpoint {
  readonly #page: Page;
  readonly #web: BoundedServer;
  #server: Server | undefined;
  #name: string | undefined;

  constructor(page: Page, seconds = CONNECTION_SECONDS) {
    this.#page = page;
    const limits = () => ({ connections: MAX_CONNECTIONS, requests: 1, seconds });
    this.#web = new BoundedServer((request, response) => this.#answer(request, response), limits);
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
    this.#web.cutAll();
  }

  #listen(name: string, address: HostPort): Promise<Server> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#web.accept(socket));
    return new Promise((resolve, reject) => {
      server.on('error', (error: NodeJS.ErrnoException) =>
        reject(new InputError(`Cannot listen on ${name}: ${error.code ?? error.message}`, { cause: error })),
      );
      server.listen(address, () => resolve(server));
    });
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
