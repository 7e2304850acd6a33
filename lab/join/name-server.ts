import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

const PORT = 53;
const HEADER_BYTES = 12;
/** RFC 1035, 3.2.2 and RFC 3596. */
const TYPES = { A: 1, AAAA: 28 } as const;
const CLASS_IN = 1;
const NAME_ERROR = 3;
/** A response to a query with recursion, that is available. */
const FLAGS = 0x8180;
const POINTER_TO_QUESTION = 0xc00c;
const TTL_SECONDS = 5;

/** Names and their addresses. */
export type Names = Readonly<Record<string, readonly string[]>>;

/** A name server that knows a few names (RFC 1035). */
export class NameServer {
  /** The names that it was asked for. */
  readonly queries: string[] = [];
  readonly #names: Names;
  readonly #socket: Socket;

  private constructor(names: Names, family: 4 | 6) {
    this.#names = names;
    this.#socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    this.#socket.on('message', (query, from) => this.#answer(query, from));
  }

  static async open(address: string, names: Names): Promise<NameServer> {
    const server = new NameServer(names, address.includes(':') ? 6 : 4);
    server.#socket.bind(PORT, address);
    await once(server.#socket, 'listening');
    return server;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #answer(query: Buffer, from: RemoteInfo): void {
    const { name, end } = readName(query);
    const type = query.readUInt16BE(end);
    this.queries.push(name);
    const known = this.#names[name.toLowerCase()];
    const addresses = (known ?? []).filter((address) => type === TYPES[address.includes(':') ? 'AAAA' : 'A']);
    const question = query.subarray(HEADER_BYTES, end + 4);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    header.writeUInt16BE(known === undefined ? FLAGS | NAME_ERROR : FLAGS, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const reply = Buffer.concat([header, question, ...addresses.map((address) => buildRecord(type, address))]);
    this.#socket.send(reply, from.port, from.address);
  }
}

function readName(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString('latin1'));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function buildRecord(type: number, address: string): Buffer {
  const data = address.includes(':') ? packIpv6(address) : Buffer.from(address.split('.').map(Number));
  const head = Buffer.alloc(12);
  head.writeUInt16BE(POINTER_TO_QUESTION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(CLASS_IN, 4);
  head.writeUInt32BE(TTL_SECONDS, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function packIpv6(address: string): Buffer {
  const [front = [], back = []] = address.split('::').map((part) => part.split(':').filter((word) => word !== ''));
  const words = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
  return Buffer.from(words.map((word) => word.padStart(4, '0')).join(''), 'hex');
}
