import { createHash } from 'node:crypto';

/** A key made from a text, the same in every run, so that a seed determines everything. Its private key is unknown. */
export function makeKey(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** Few enough that the same keys repeat and that the kernel never has more peers than these. */
export const ROUTERS_KEYS = Array.from({ length: 64 }, (_, index) => makeKey(`router ${index}`));

/** Two keys that derive the same address, in two of the three derivations. */
export const COLLIDING_KEYS = [
  'RDMn8NLVpJv0k/+eIglLjiAIY/C8ZCy1LpMNsTQkqcg=',
  'xZQUdI4zvzKmokQyNfZltinuY28pvz8cvFmtd/PDmeY=',
];

/** Keys that the operator of a fuzzed gateway has set up by hand. */
export const DISALLOWED_KEY = makeKey('disallowed');
export const STATIC_KEY = makeKey('static, and not there yet');
export const KEY_OF_GATEWAYS_ADDRESS = makeKey('derives an address of the gateway');
export const KEY_OF_OPERATORS_ADDRESS = makeKey('derives an address of the operator');
/** Peers with other networks, with exactly the derived address, with a preshared key, and with a keepalive. */
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
