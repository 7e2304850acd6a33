import * as z from 'zod';
import type { Gateway } from '../../exchange/gateway.ts';
import { InputError } from '../../values/errors.ts';
import type { IpAddress } from '../../values/ip-address.ts';
import { parseJsonOf } from '../../values/json.ts';
import { isHostName } from '../../values/names.ts';
import { isPublicKey, type PublicKey } from '../../values/public-key.ts';
import { PAYLOAD_BYTES } from '../limits.ts';
import { isCanonicalAddress, isLinkAddress } from '../payloads.ts';

/**
 * What freifunkMUC's workers and brokers say to one another. One bad payload is enough to end a thread of theirs, and
 * then they go on as if nothing had happened: so all that we say there is made here.
 */

/** How our gateways mark their data: freifunkMUC's brokers ignore it, and our fronts know that these acknowledge. */
const SOFTWARE = 'wgkex';
const KEY_BYTES = 44;

/** The number of a worker that is gone. */
export const GONE = -1;

const data = z.object({
  ExternalAddress: z.string().refine((text) => isHostName(text) || isCanonicalAddress(text)),
  Port: z.int().min(1).max(65_535),
  PublicKey: z.custom<PublicKey>((value) => typeof value === 'string' && isPublicKey(value)),
  LinkAddress: z.custom<IpAddress>((value) => typeof value === 'string' && isLinkAddress(value)),
  Software: z.unknown().optional(),
});

/** What a worker says that a router needs to dial it. */
export interface WorkerData extends Gateway {
  /** It is one of our gateways, which says more on its own topics. */
  readonly isOurs: boolean;
}

/** @throws InputError */
export function parseWorkerData(payload: Uint8Array): WorkerData {
  if (payload.length > PAYLOAD_BYTES)
    throw new InputError(`Cannot read data: ${payload.length} bytes, expected at most ${PAYLOAD_BYTES}`);
  const read = parseJsonOf(data, new TextDecoder().decode(payload), 'data');
  const { ExternalAddress: name, Port: port, PublicKey: publicKey, LinkAddress: linkAddress, Software } = read;
  return { name, port, publicKey, linkAddress, isOurs: Software === SOFTWARE };
}

/** JSON, as all messages of that topic must be. */
export function formatWorkerData({ name, port, publicKey, linkAddress }: Gateway): string {
  const said = { ExternalAddress: name, Port: port, PublicKey: publicKey, LinkAddress: linkAddress };
  return JSON.stringify({ ...said, Software: SOFTWARE });
}

/** Peers with a handshake in the last 180 s; below zero if the worker is gone. @throws InputError */
export function parseConnectedPeers(payload: Uint8Array): number {
  const text = Buffer.from(payload).toString('latin1', 0, 16);
  if (!/^-?\d{1,9}$/.test(text)) throw new InputError('Cannot read a number of peers: expected an integer');
  return Number(text);
}

/** A decimal integer, as all messages of that topic must be. */
export function formatConnectedPeers(count: number): string {
  return Number.isSafeInteger(count) ? String(count) : String(GONE);
}

/** The key of a router, without a line end. @throws InputError */
export function parseWorkerKey(payload: Uint8Array): PublicKey {
  const text = payload.length === KEY_BYTES ? Buffer.from(payload).toString('latin1') : '';
  if (!isPublicKey(text)) throw new InputError('Cannot read a key: expected 44 characters of base64');
  return text;
}
