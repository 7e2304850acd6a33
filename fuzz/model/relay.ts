import type { Bytes } from '../arbitraries/bytes.ts';

/** How WireGuard's four messages begin, and their shortest and longest form. */
const MESSAGES = [
  ['\x01\0\0\0', 148, 148],
  ['\x02\0\0\0', 92, 92],
  ['\x03\0\0\0', 64, 64],
  ['\x04\0\0\0', 32, 65_535],
] as const;
const LEAST_BYTES = 32;
const HEAD_BYTES = 4;

interface Outcome {
  readonly messages: readonly Bytes[];
  /** Whether the connection has to be closed. */
  readonly isRefused: boolean;
}

export function isWireguard(datagram: Bytes): boolean {
  const { length } = datagram;
  return MESSAGES.some(([head, least, most]) => datagram.startsWith(head) && length >= least && length <= most);
}

/** What a relay has to pass on of a stream, and whether it has to close it by the last of these bytes. */
export function expectRelayed(stream: Bytes): Outcome {
  const messages: Bytes[] = [];
  for (let rest = stream; rest.length >= 2; ) {
    const length = rest.charCodeAt(0) * 256 + rest.charCodeAt(1);
    const datagram = rest.slice(2, 2 + length);
    // A frame that has only begun is judged as if zeros followed.
    const isJudged = length < LEAST_BYTES || datagram.length >= HEAD_BYTES;
    if (isJudged && !isWireguard(datagram.padEnd(length, '\0'))) return { messages, isRefused: true };
    if (datagram.length < length) break;
    messages.push(datagram);
    rest = rest.slice(2 + length);
  }
  return { messages, isRefused: false };
}
