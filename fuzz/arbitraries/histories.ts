import fc from 'fast-check';
import { COLLIDING_KEYS } from '../../test/core/arbitraries.ts';
import { makeKey } from '../keys.ts';
import type { Variant } from '../model/key.ts';

/** One step in the history of a domain. A key and a source are numbers; source 0 is unknown. */
export type Step =
  | {
      readonly does: 'ask';
      readonly asks: readonly (readonly [key: number, from: number])[];
      readonly killedAfter?: number;
    }
  | { readonly does: 'wait' | 'set the clock'; readonly seconds: number }
  | { readonly does: 'connect'; readonly key: number; readonly from: number }
  | { readonly does: OperatorsDeed; readonly key: number }
  | { readonly does: 'break the lists' | 'break the record' };

export const OPERATORS_DEEDS = [
  'add by hand',
  'give networks',
  'take networks',
  'give another address',
  'give a preshared key',
  'give a keepalive',
  'clear marks',
  'remove',
  'claim',
  'list as static',
  'list as disallowed',
  'list as allowed',
] as const;
export type OperatorsDeed = (typeof OPERATORS_DEEDS)[number];

export interface History {
  readonly variant: Variant;
  readonly maxPeers: number;
  readonly maxPending: number;
  readonly staleAfterSeconds: number;
  readonly steps: readonly Step[];
}

/** Pairs of keys that share an address, and some keys that do not. */
export const KEYS = [...COLLIDING_KEYS.flat(), ...Array.from({ length: 10 }, (_, index) => makeKey(`peer ${index}`))];

/** Neighbours at every distance that the contract knows. */
export const SOURCES = [
  undefined,
  '192.0.2.1',
  '192.0.2.2',
  '192.0.2.200',
  '198.51.100.1',
  '2001:db8::1',
  '2001:db8::2',
  '2001:db8:0:1::1',
  '2001:db8:0:100::1',
  '2001:db8:1::1',
  '2001:db8:ffff:ff00::1',
];

/** Stands for a request that came by a topic, from nobody knows where. */
export const BROADCAST = '100::';
/** Whom a request can come from. */
export const ASKERS = [...SOURCES, BROADCAST];

/** Values around every time limit of the contract. */
const SECONDS = [0, 1, 9.5, 10, 11, 49, 59, 60, 61, 120, 179, 180, 181, 899, 3599, 3600, 3601];

export function histories(): fc.Arbitrary<History> {
  const keys = fc.nat(KEYS.length - 1);
  const askers = fc.nat(ASKERS.length - 1);
  const asks = fc.array(fc.tuple(keys, askers), { minLength: 1, maxLength: 6 });
  const seconds = fc.constantFrom(...SECONDS);
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: asks.map((all): Step => ({ does: 'ask', asks: all })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(asks, fc.nat(400))
        .map(([all, killedAfter]): Step => ({ does: 'ask', asks: all, killedAfter })),
    },
    { weight: 4, arbitrary: seconds.map((each): Step => ({ does: 'wait', seconds: each })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(seconds, fc.constantFrom(1, -1))
        .map(([each, sign]): Step => ({ does: 'set the clock', seconds: sign * each })),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(keys, fc.integer({ min: 1, max: SOURCES.length - 1 }))
        .map(([key, from]): Step => ({ does: 'connect', key, from })),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constantFrom(...OPERATORS_DEEDS), keys).map(([does, key]): Step => ({ does, key })),
    },
    { weight: 1, arbitrary: fc.constantFrom('break the lists', 'break the record').map((does): Step => ({ does })) },
  );
  return fc.record(
    {
      variant: fc.constantFrom('eui64', 'ffmuc', 'gluon'),
      maxPeers: fc.constantFrom(1, 3, 10, 100),
      maxPending: fc.constantFrom(0, 1, 3, 10, 100),
      staleAfterSeconds: fc.constantFrom(60, 3600),
      steps: fc.array(step, { maxLength: 30, size: 'max' }),
    },
    { noNullPrototype: true },
  );
}
