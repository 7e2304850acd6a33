import { HEAD_BYTES, isMessageLength, isMessageStart } from './wireguard-message.ts';

/** The framing of Mullvad's udp-over-tcp: the length as 16 bits, big-endian, then the datagram. */
export const LENGTH_BYTES = 2;
/** What a frame that has only begun takes at first. */
const HELD_BYTES = 2048;

/** Several datagrams, of `bytes` bytes in all with their lengths, as one buffer. */
export function buildFrames(datagrams: readonly Uint8Array[], bytes: number): Buffer {
  const frames = Buffer.allocUnsafeSlow(bytes);
  let offset = 0;
  for (const datagram of datagrams) {
    frames.writeUInt16BE(datagram.length, offset);
    frames.set(datagram, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + datagram.length;
  }
  return frames;
}

/**
 * Cuts a byte stream into WireGuard's messages, however it is split into chunks. Only a message that lies in several
 * chunks is copied, and what is held for it is at most twice what has arrived.
 */
export class FrameReader {
  /** The beginning of a frame. */
  #held = Buffer.alloc(0);
  #heldBytes = 0;

  /** Calls `take` for each complete message. False once a frame cannot be WireGuard's: nothing after it counts. */
  push(chunk: Buffer, take: (message: Buffer) => void): boolean {
    let start = 0;
    while (this.#heldBytes > 0 && start < chunk.length) {
      start += this.#hold(chunk, start, Math.min(chunk.length, start + this.#countMissing()));
      if (!canContinue(this.#held, 0, this.#heldBytes)) return false;
      if (this.#countMissing() === 0) take(this.#release());
    }
    while (start < chunk.length) {
      if (!canContinue(chunk, start, chunk.length)) return false;
      const end = start + findSize(chunk, start, chunk.length);
      if (end > chunk.length) start += this.#hold(chunk, start, chunk.length);
      else {
        take(chunk.subarray(start + LENGTH_BYTES, end));
        start = end;
      }
    }
    return true;
  }

  /** Of the held frame; of its length, while that is not there. */
  #countMissing(): number {
    const size = this.#heldBytes < LENGTH_BYTES ? LENGTH_BYTES : findSize(this.#held, 0, this.#heldBytes);
    return size - this.#heldBytes;
  }

  #hold(chunk: Buffer, start: number, end: number): number {
    const bytes = this.#heldBytes + end - start;
    if (bytes > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(HELD_BYTES, 2 * bytes));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = bytes;
    return end - start;
  }

  /** The buffer goes with the message, which may still wait to be sent. */
  #release(): Buffer {
    const message = this.#held.subarray(LENGTH_BYTES, this.#heldBytes);
    this.#held = Buffer.alloc(0);
    this.#heldBytes = 0;
    return message;
  }
}

/** The size of a frame with its length; without end while that is not there. */
function findSize(bytes: Buffer, start: number, end: number): number {
  return end - start < LENGTH_BYTES ? Number.POSITIVE_INFINITY : LENGTH_BYTES + bytes.readUInt16BE(start);
}

/** False as soon as the beginning of a frame shows that no message of WireGuard's follows. */
function canContinue(bytes: Buffer, start: number, end: number): boolean {
  const size = findSize(bytes, start, end);
  if (size === Number.POSITIVE_INFINITY) return true;
  const length = size - LENGTH_BYTES;
  const message = start + LENGTH_BYTES;
  return isMessageLength(length) && (end - message < HEAD_BYTES || isMessageStart(bytes, message, length));
}
