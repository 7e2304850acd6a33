import { readFile } from 'node:fs/promises';
import type { KeyPair } from './operator.ts';

/** Two key pairs with the same derived address, found by trying 1.7 million. */
export const COLLIDING_KEYS: readonly [KeyPair, KeyPair] = JSON.parse(
  await readFile(new URL('colliding-keys.json', import.meta.url), 'utf8'),
);
