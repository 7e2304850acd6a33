import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { buildReplyProof } from '../../src/core/leases/proof.ts';
import { buildTunnelConfig, type TunnelSettings } from '../../src/core/leases/tunnel-config.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';
import { makeKey } from '../client.ts';
import { EXCHANGE_PORT } from '../gateway.ts';
import type { Ticket } from '../leases.ts';
import { Segment } from '../network.ts';

/** The three lines of a client. */
export interface Request {
  readonly domain: string;
  readonly key: string;
  readonly nonce: string;
  readonly line: string;
}

/** What a gateway says to a request; it ends the connection itself. */
export type Answer = (request: Request, socket: Socket) => unknown;

const LINES = 3;

/** Something that listens where a gateway would, on a segment of its own, and says what a test wants. */
export class FakeGateway {
  readonly segment: Segment;
  readonly requests: Request[] = [];
  readonly #server: Server;
  #answer: Answer = (_, socket) => socket.end();

  private constructor(segment: Segment) {
    this.segment = segment;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
  }

  static async create(number: number): Promise<FakeGateway> {
    const gateway = new FakeGateway(await Segment.create(number));
    await once(gateway.#server.listen(EXCHANGE_PORT, gateway.host), 'listening');
    return gateway;
  }

  get host(): string {
    return this.segment.ipv4('0.2');
  }

  /** As the log has it. */
  get on(): string {
    return `${this.host}:${EXCHANGE_PORT}`;
  }

  says(answer: Answer): void {
    this.#answer = answer;
  }

  async close(): Promise<void> {
    this.#server.close();
    await this.segment.close();
  }

  #serve(socket: Socket): void {
    let sent = '';
    socket.on('error', () => {});
    socket.on('end', () => sent.split('\n').length <= LINES && socket.end());
    socket.on('data', (chunk) => {
      const isComplete = () => sent.split('\n').length > LINES;
      if (isComplete()) return;
      sent += chunk;
      if (!isComplete()) return;
      const [domain = '', key = '', line = ''] = sent.split('\n');
      const request = { domain, key, nonce: line.split('.')[1] ?? '', line };
      this.requests.push(request);
      this.#answer(request, socket);
    });
  }
}

/** What a good gateway at that address would send; a test changes some of it. */
export function buildSettings(host: string, more: Partial<TunnelSettings> = {}): TunnelSettings {
  return {
    addresses: { address4: parseIpAddress('10.66.0.7'), address6: undefined },
    publicKey: parsePublicKey(makeKey()),
    endpoint: `${host}:51820`,
    allowedIps: ['10.66.0.0/24'],
    dns: [],
    mtu: 1420,
    expires: undefined,
    relay: undefined,
    ...more,
  } as TunnelSettings;
}

/** A reply whose proof is right: two lines, the configuration and the proof. */
export function signReply(secret: Ticket['secret'], { key, nonce }: Request, config: string) {
  const line = Buffer.from(config).toString('base64');
  return { line, proof: buildReplyProof(secret, { key: parsePublicKey(key), nonce, line }) };
}

/** A gateway that knows the lease and sends this configuration. */
export function sendSigned({ secret }: Ticket, config: string | TunnelSettings): Answer {
  const text = typeof config === 'string' ? config : buildTunnelConfig(config);
  return (request, socket) => {
    const { line, proof } = signReply(secret, request, text);
    socket.end(`OK\n${line}\n${proof}\n`);
  };
}
