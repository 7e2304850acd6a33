import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { blake2s as keyedBlake2s } from '@noble/hashes/blake2s';

/**
 * The initiator of WireGuard's handshake (whitepaper, 5.4), so that a test can choose the time that a router
 * believes it is: neither the kernel's WireGuard nor wireguard-go lets anybody choose.
 */

const CONSTRUCTION = 'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s';
const IDENTIFIER = 'WireGuard v1 zx2c4 Jason@zx2c4.com';
const LABEL_MAC1 = 'mac1----';
const INITIATION = 1;
const RESPONSE_BYTES = 92;
const TRANSPORT = 4;
const TAG_BYTES = 16;
/** For a gateway that does not respond at all: a busy one needs time. */
const RESPONSE_MILLISECONDS = 20_000;
const TAI_OFFSET = 0x400000000000000an;
/** PKCS #8 and SPKI headers of an X25519 key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');

export interface Handshake {
  readonly host: string;
  readonly port: number;
  /** The router's private key and the gateway's public key, in base64. */
  readonly privateKey: string;
  readonly gatewayKey: string;
  /** The time on the router's clock. */
  readonly now: Date;
  /** An address of the test's own, see `Segment.addSource`. */
  readonly from?: string;
  /** How long to wait for the gateway's response; where one is expected, as long as it takes. */
  readonly waitMilliseconds?: number;
}

/** Does a whole handshake, including the first transport packet; false if the gateway did not respond. */
export async function shakeHands(handshake: Handshake): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    if (handshake.from !== undefined)
      await new Promise<void>((bound) => socket.bind({ address: handshake.from }, bound));
    const { packet, finish } = buildInitiation(handshake);
    const response = awaitMessage(socket, handshake.waitMilliseconds ?? RESPONSE_MILLISECONDS);
    await sendPacket(socket, packet, handshake);
    const message = await response;
    if (message?.length !== RESPONSE_BYTES) return false;
    await sendPacket(socket, finish(message), handshake);
    return true;
  } finally {
    socket.close();
  }
}

function buildInitiation({ privateKey, gatewayKey, now }: Handshake) {
  const own = importPrivate(privateKey);
  const ownPublic = exportPublic(createPublicKey(own));
  const gateway = Buffer.from(gatewayKey, 'base64');
  const ephemeral = generateKeyPairSync('x25519');
  const ephemeralPublic = exportPublic(ephemeral.publicKey);

  let chain = blake2s(Buffer.from(CONSTRUCTION));
  let hash = blake2s(blake2s(chain, Buffer.from(IDENTIFIER)), gateway);
  hash = blake2s(hash, ephemeralPublic);
  [chain = chain] = derive(chain, ephemeralPublic, 1);
  const [chain1 = chain, key1 = chain] = derive(chain, agree(ephemeral.privateKey, gateway), 2);
  const encryptedStatic = seal(key1, 0, ownPublic, hash);
  hash = blake2s(hash, encryptedStatic);
  const [chain2 = chain, key2 = chain] = derive(chain1, agree(own, gateway), 2);
  const encryptedTime = seal(key2, 0, formatTai64n(now), hash);
  hash = blake2s(hash, encryptedTime);

  const head = Buffer.alloc(8);
  head.writeUInt32LE(INITIATION, 0);
  head.writeUInt32LE(1, 4);
  const body = Buffer.concat([head, ephemeralPublic, encryptedStatic, encryptedTime]);
  const mac1 = createMac(blake2s(Buffer.from(LABEL_MAC1), gateway), body);
  const packet = Buffer.concat([body, mac1, Buffer.alloc(16)]);
  return { packet, finish: (response: Buffer) => answerResponse(response, chain2, hash, ephemeral.privateKey, own) };
}

/** Reads the response and builds an empty transport packet, with which the handshake is complete for the gateway. */
function answerResponse(
  response: Buffer,
  chain: Buffer,
  initiationHash: Buffer,
  ephemeral: KeyObject,
  own: KeyObject,
): Buffer {
  const responder = response.readUInt32LE(4);
  const theirs = response.subarray(12, 44);
  let hash = blake2s(initiationHash, theirs);
  let [key = chain] = derive(chain, theirs, 1);
  [key = key] = derive(key, agree(ephemeral, theirs), 1);
  [key = key] = derive(key, agree(own, theirs), 1);
  const [afterPsk = key, tau = key, sealKey = key] = derive(key, Buffer.alloc(32), 3);
  hash = blake2s(hash, tau);
  openSealed(sealKey, response.subarray(44, 60), hash);
  const [sendKey = key] = derive(afterPsk, Buffer.alloc(0), 2);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(TRANSPORT, 0);
  head.writeUInt32LE(responder, 4);
  return Buffer.concat([head, seal(sendKey, 0, Buffer.alloc(0), Buffer.alloc(0))]);
}

function awaitMessage(socket: Socket, milliseconds: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds, undefined);
    socket.once('message', (message) => {
      clearTimeout(timer);
      resolve(message);
    });
  });
}

function sendPacket(socket: Socket, packet: Buffer, { host, port }: Handshake): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(packet, port, host, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** TAI64N: seconds since 1970 plus an offset, and nanoseconds, both big-endian. */
function formatTai64n(time: Date): Buffer {
  const stamp = Buffer.alloc(12);
  stamp.writeBigUInt64BE(TAI_OFFSET + BigInt(Math.floor(time.getTime() / 1000)), 0);
  stamp.writeUInt32BE((time.getTime() % 1000) * 1_000_000, 8);
  return stamp;
}

function blake2s(...parts: Buffer[]): Buffer {
  const hash = createHash('blake2s256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function hmac(key: Buffer, ...parts: Buffer[]): Buffer {
  const mac = createHmac('blake2s256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** HKDF with BLAKE2s: `count` keys. */
function derive(chain: Buffer, input: Buffer, count: number): Buffer[] {
  const secret = hmac(chain, input);
  const keys: Buffer[] = [];
  for (let index = 1; index <= count; index++) {
    keys.push(hmac(secret, keys.at(-1) ?? Buffer.alloc(0), Buffer.of(index)));
  }
  return keys;
}

/** Keyed BLAKE2s with 16 bytes of output (RFC 7693), which Node's crypto does not offer. */
function createMac(key: Buffer, data: Buffer): Buffer {
  return Buffer.from(keyedBlake2s(data, { key, dkLen: 16 }));
}

function nonce(counter: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(counter, 4);
  return bytes;
}

function seal(key: Buffer, counter: number, plain: Buffer, associated: Buffer): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce(counter), { authTagLength: TAG_BYTES });
  cipher.setAAD(associated, { plaintextLength: plain.length });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws if the gateway does not hold the keys that it should. */
function openSealed(key: Buffer, sealed: Buffer, associated: Buffer): void {
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce(0), { authTagLength: TAG_BYTES });
  decipher.setAAD(associated, { plaintextLength: sealed.length - TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  decipher.update(sealed.subarray(0, -TAG_BYTES));
  decipher.final();
}

function agree(privateKey: KeyObject, publicKey: Buffer): Buffer {
  const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
  return diffieHellman({ privateKey, publicKey: key });
}

function importPrivate(key: string): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(key, 'base64')]), format: 'der', type: 'pkcs8' });
}

function exportPublic(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32);
}
