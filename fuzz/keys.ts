import { createHash } from 'node:crypto';

/** A key that a text stands for, the same at every run, so that a seed says it all. Nobody has its private key. */
export function makeKey(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** Few enough that the same ones come again and again, and that the kernel has no more than them. */
export const ROUTERS_KEYS = Array.from({ length: 64 }, (_, index) => makeKey(`router ${index}`));

/** Two keys that derive the same address, in two of the three derivations. */
export const COLLIDING_KEYS = [
  'RDMn8NLVpJv0k/+eIglLjiAIY/C8ZCy1LpMNsTQkqcg=',
  'xZQUdI4zvzKmokQyNfZltinuY28pvz8cvFmtd/PDmeY=',
];

/** What the operator of a fuzzed gateway has set up by hand. */
export const DISALLOWED_KEY = makeKey('disallowed');
export const STATIC_KEY = makeKey('static, and not there yet');
export const KEY_OF_GATEWAYS_ADDRESS = makeKey('derives an address of the gateway');
export const KEY_OF_OPERATORS_ADDRESS = makeKey('derives an address of the operator');
/** With other networks, with exactly its derived address, with a preshared key, with a keepalive. */
export const OPERATORS_KEYS = ['networks', 'address', 'secret', 'keepalive'].map((text) =>
  makeKey(`a peer with ${text}`),
);
export const REFUSED_KEYS = [
  DISALLOWED_KEY,
  STATIC_KEY,
  KEY_OF_GATEWAYS_ADDRESS,
  KEY_OF_OPERATORS_ADDRESS,
  ...OPERATORS_KEYS,
];
