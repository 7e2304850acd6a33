// The process of the clients: takes orders from its parent and answers each with a result. Does as little as it can
// while the clock runs: requests are made before, and replies are compared byte for byte.
import { connect, type Socket } from 'node:net';
import { makeKey } from '../lab/client.ts';
import { EXCHANGE_PORT, HTTP_PORT } from '../lab/gateway.ts';
import type { Failure, LoadOrder, LoadResult } from './load.ts';
import { DOMAIN } from './servers/server.ts';

/** A client gives up after this time. */
const PATIENCE_MILLISECONDS = 10_000;
const SWEEP_MILLISECONDS = 100;
const FAILURES: Record<string, Failure> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timed out',
};

/** Sockets are read one after the other: one buffer serves all. */
const buffer = Buffer.alloc(512);

/** How a client speaks. */
interface Protocol {
  readonly port: number;
  makeRequest(): string;
  isOk(reply: string): boolean;
}

const LINES: Protocol = {
  port: EXCHANGE_PORT,
  makeRequest: () => `${DOMAIN}\n${makeKey()}\n`,
  isOk: (reply) => reply === 'OK\n',
};
/** As firmware asks, but in one segment; the server closes, as the clients would run out of ports. */
const HTTP: Protocol = {
  port: HTTP_PORT,
  makeRequest: () => {
    const body = JSON.stringify({ domain: DOMAIN, public_key: makeKey() });
    const head = 'POST /api/v1/wg/key/exchange HTTP/1.1\r\nHost: gateway\r\nUser-Agent: uclient-fetch\r\n';
    return `${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  },
  isOk: (reply) => reply.startsWith('HTTP/1.1 200 ') && reply.endsWith('"status":"OK"}'),
};

class Load {
  readonly #order: LoadOrder;
  readonly #protocol: Protocol;
  readonly #requests: readonly Buffer[];
  readonly #begun = new Map<Socket, number>();
  readonly #latencies: number[] = [];
  readonly #failures: Partial<Record<Failure, number>> = {};
  #next = 0;
  #repliesInTime = 0;
  #start = 0;
  #windowStart = 0;
  #windowEnd = 0;
  #onEnd: () => void = () => {};

  constructor(order: LoadOrder) {
    this.#order = order;
    const protocol = order.door === 'http' ? HTTP : LINES;
    this.#protocol = protocol;
    this.#requests = Array.from({ length: order.exchanges }, () => Buffer.from(protocol.makeRequest()));
  }

  async run(): Promise<LoadResult> {
    const sweep = setInterval(() => this.#giveUpLate(), SWEEP_MILLISECONDS);
    this.#start = performance.now();
    this.#windowStart = this.#start + this.#order.warmUpSeconds * 1000;
    this.#windowEnd = this.#windowStart + this.#order.seconds * 1000;
    await new Promise<void>((resolve) => {
      this.#onEnd = resolve;
      for (let client = 0; client < this.#order.clients; client++) this.#begin();
    });
    clearInterval(sweep);
    const seconds = (performance.now() - this.#start) / 1000;
    const latencies = this.#latencies.sort((a, b) => a - b);
    return { seconds, repliesInTime: this.#repliesInTime, latencies, failures: this.#failures };
  }

  #begin(): void {
    const request = this.#requests[this.#next];
    const begun = performance.now();
    if (request === undefined || begun > this.#windowEnd) {
      if (this.#begun.size === 0) this.#onEnd();
      return;
    }
    this.#next++;
    this.#exchange(request, begun);
  }

  #exchange(request: Buffer, begun: number): void {
    let reply = '';
    let answered = 0;
    let failure: Failure = 'closed without a reply';
    const take = (bytes: number) => {
      reply += buffer.toString('latin1', 0, bytes);
      answered = performance.now();
      return true;
    };
    const { port } = this.#protocol;
    const socket: Socket = connect({ host: this.#order.host, port, onread: { buffer, callback: take } });
    this.#begun.set(socket, begun);
    socket.write(request);
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      failure = FAILURES[code ?? ''] ?? blameBench(code);
    });
    socket.on('close', () => {
      this.#begun.delete(socket);
      if (this.#protocol.isOk(reply)) this.#count(begun, answered);
      else this.#fail(reply === '' ? failure : 'wrong reply');
      this.#begin();
    });
  }

  #count(begun: number, answered: number): void {
    this.#latencies.push(answered - begun);
    if (answered >= this.#windowStart && answered <= this.#windowEnd) this.#repliesInTime++;
  }

  #fail(failure: Failure): void {
    this.#failures[failure] = (this.#failures[failure] ?? 0) + 1;
  }

  /** In the order in which they began. */
  #giveUpLate(): void {
    const late = performance.now() - PATIENCE_MILLISECONDS;
    for (const [socket, begun] of this.#begun) {
      if (begun > late) return;
      socket.destroy(Object.assign(new Error('no reply'), { code: 'ETIMEDOUT' }));
    }
  }
}

/** An error that is not the server's fault must not count as one. */
function blameBench(code: string | undefined): never {
  throw new Error(`The clients cannot connect: ${code}`);
}

process.on('message', async (order: LoadOrder) => {
  process.send?.(await new Load(order).run());
});
