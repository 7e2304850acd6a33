import fc from 'fast-check';
import { COLLIDING_KEYS, ROUTERS_KEYS } from '../keys.ts';
import { anyBytes, type Bytes, mutated } from './bytes.ts';

/** The names that a gateway knows, for a fuzzer to hit and to miss narrowly. */
export interface Vocabulary {
  readonly domains: readonly string[];
  /** Keys to which the gateway may give a special answer. */
  readonly keys: readonly string[];
}

/** Names of properties that every JavaScript object has, and words with a meaning to programs. */
const TRAPS = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'hasownproperty',
  'undefined',
  'null',
  'domains',
  '*',
  '-',
  '../ffww01',
  '$(reboot)',
  ';reboot',
  'all',
  'peer',
  'remove',
];
const ESCAPES = [
  '\x1b[2J',
  '\x1b]0;x\x07',
  '\x9b31m',
  '\0',
  '\r',
  '\t',
  '\x7f',
  '\xa0',
  '\xc3\xbc',
  '\xe2\x80\xa6',
  '\\',
  '"',
  '<3>',
];
export const escapes: fc.Arbitrary<Bytes> = fc.constantFrom(...ESCAPES);

export function keysOf({ keys }: Vocabulary): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...ROUTERS_KEYS) },
    { weight: 1, arbitrary: fc.constantFrom(...COLLIDING_KEYS) },
    { weight: 1, arbitrary: fc.constantFrom(...keys) },
  );
}

export function badDomainsOf({ domains }: Vocabulary): fc.Arbitrary<Bytes> {
  return fc.oneof(
    fc.constantFrom(...TRAPS),
    fc.constantFrom(...domains).map((name) => name.toUpperCase()),
    fc.constantFrom('x', '7').chain((letter) => fc.nat(40).map((length) => letter.repeat(length))),
    mutated(fc.constantFrom(...domains), fc.oneof(escapes, anyBytes)),
  );
}

/** Texts that are nearly a key; some of them happen to be one. */
export const badKeys: fc.Arbitrary<Bytes> = fc.oneof(
  fc.tuple(fc.constantFrom(...ROUTERS_KEYS), fc.constantFrom(...spoilers())).map(([key, spoil]) => spoil(key)),
  mutated(fc.constantFrom(...ROUTERS_KEYS), fc.oneof(escapes, anyBytes)),
);

function spoilers(): ((key: string) => Bytes)[] {
  return [
    // The last letter before the `=` carries two bits that must be zero.
    (key) => `${key.slice(0, 42)}B=`,
    (key) => `${key.slice(0, 42)}/=`,
    (key) => key.slice(0, -1),
    (key) => `${key}=`,
    (key) => key.slice(1),
    (key) => `A${key}`,
    (key) => key.replaceAll('+', '-').replaceAll('/', '_'),
    (key) => `${key} remove`,
    (key) => `${key}\0`,
    (key) => Buffer.from(key, 'base64').toString('hex'),
    () => `${'A'.repeat(43)}=`,
    () => `${'/'.repeat(43)}=`,
    () => `${'='.repeat(44)}`,
  ];
}
