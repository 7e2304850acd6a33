import { createPrivateKey, createPublicKey } from 'node:crypto';
import { InputError } from '../values/errors.ts';
import { isPublicKey, type PublicKey, parsePublicKey } from '../values/public-key.ts';

/** A WireGuard private key: 32 bytes in base64. Anyone who has it can use the tunnel. Made only by {@link parsePrivateKey}. */
export type PrivateKey = string & { readonly __brand: 'PrivateKey' };

/** PKCS #8 (RFC 5958) around an X25519 key (RFC 8410, 7), without the 32 bytes of the key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const KEY_BYTES = 32;

/** `source` is for the error. @throws InputError whose message shows nothing of `text`. */
export function parsePrivateKey(text: string, source: string): PrivateKey {
  if (!isPrivateKey(text))
    throw new InputError(`Cannot read the private key in ${source}: expected 32 bytes in base64`);
  return text;
}

/** Both kinds of keys have the same form. */
export function isPrivateKey(text: string): text is PrivateKey {
  return isPublicKey(text);
}

/** As `wg pubkey` does. */
export function derivePublicKey(key: PrivateKey): PublicKey {
  const der = Buffer.concat([PKCS8_PREFIX, Buffer.from(key, 'base64')]);
  const pair = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(pair).export({ format: 'der', type: 'spki' });
  return parsePublicKey(spki.subarray(-KEY_BYTES).toString('base64'));
}
