/** WireGuard's messages (whitepaper, 5.4): a type, three zero bytes, and a length that belongs to the type. */
const FIXED_LENGTHS: Readonly<Record<number, number>> = { 1: 148, 2: 92, 3: 64 };
const INITIATION = 1;
const COOKIE = 3;
const TRANSPORT = 4;
/** A keepalive: sixteen bytes of header and the tag of an empty packet. */
const LEAST_BYTES = 32;

/** What must be known of a message besides its length to tell whether it can be WireGuard's. */
export const HEAD_BYTES = 4;

/** Whether a message of any type can have this length. */
export function isMessageLength(length: number): boolean {
  return length >= LEAST_BYTES;
}

/** Whether a message of `length` bytes whose first four are at `offset` has the form of one of WireGuard's. */
export function isMessageStart(bytes: Uint8Array, offset: number, length: number): boolean {
  const type = bytes[offset] ?? 0;
  const areZero = bytes[offset + 1] === 0 && bytes[offset + 2] === 0 && bytes[offset + 3] === 0;
  return areZero && (type === TRANSPORT ? length >= LEAST_BYTES : FIXED_LENGTHS[type] === length);
}

export function isMessage(datagram: Uint8Array): boolean {
  return isMessageStart(datagram, 0, datagram.length);
}

/**
 * Whether WireGuard sends such a message only to a peer whose key it knows. Under load it answers anyone with a cookie
 * who knows its own public key.
 */
export function isForPeer(message: Uint8Array): boolean {
  return isMessage(message) && message[0] !== COOKIE;
}

/** Whether a message asks for a handshake, which costs the other side elliptic curves. */
export function isInitiation(message: Uint8Array): boolean {
  return message[0] === INITIATION;
}
