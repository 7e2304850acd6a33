import fc from 'fast-check';
import { type ModelLease, prove, type World } from '../model/lease.ts';
import { anyBytes, type Bytes, cut, mutated } from './bytes.ts';
import { badDomainsOf, badKeys, keysOf } from './words.ts';

/** One client of one of the doors. */
export type LeaseRun =
  | { readonly door: 'lines'; readonly chunks: readonly Bytes[] }
  | { readonly door: 'http'; readonly body: string };

const ODD_PROOFS: readonly unknown[] = [null, 1, true, '', [], {}, ['x']];
/** Third lines that are nearly of their form. */
const SPOILERS: readonly ((third: string) => string)[] = [
  (third) => third.replace(/^./, (letter) => letter.toUpperCase()),
  (third) => third.toUpperCase(),
  (third) => third.replace(/^./, '1'),
  (third) => `${third}=`,
  (third) => third.slice(0, -1),
  (third) => third.replace('.', ''),
  (third) => third.replaceAll('.', ' '),
  (third) => third.replaceAll('-', '+').replaceAll('_', '/'),
];
const FIELD_NAMES = ['domain', 'segment', 'public_key', 'proof', 'Proof', 'constructor'];

/** Requests of members, right ones and ones that are wrong in one place. */
export function leaseRuns(world: World): fc.Arbitrary<LeaseRun> {
  const parts = partsOf(world);
  return fc.oneof(
    linesOf(parts).map((chunks) => ({ door: 'lines' as const, chunks })),
    bodiesOf(parts).map((body) => ({ door: 'http' as const, body })),
  );
}

interface Parts {
  readonly name: string;
  readonly key: string;
  readonly third: string;
}

function partsOf(world: World): fc.Arbitrary<Parts> {
  const names = fc.constantFrom(...world.leased.keys(), ...world.mesh);
  const known = world.leases.flatMap(({ key = [], used = [] }) => [key, used].flat());
  const keys = fc.oneof(fc.constantFrom(...known), keysOf({ domains: [], keys: known }));
  const leases = fc.constantFrom<ModelLease>(...world.leases);
  const signed = fc.record({ lease: leases, name: names, key: keys, nonce: nonces });
  const odd = {
    name: fc.oneof(names, badDomainsOf({ domains: [...world.leased.keys()], keys: [] })),
    key: fc.oneof(keys, badKeys),
    id: leases.map(({ id }) => id),
    token: leases.map(({ token }) => token),
    signedName: names,
    signedKey: keys,
  };
  const right = signed.map((own) => ({ ...own, ...findOwn(own.lease, own.key), name: pickName(world, own) }));
  const changes = fc.oneof(
    { weight: 5, arbitrary: fc.constant({}) },
    { weight: 4, arbitrary: fc.record(odd, { requiredKeys: [] }).map(keepOne) },
  );
  const good = fc.tuple(right, changes).map(([{ lease, name, key, nonce }, change]) => {
    const all = { name, key, id: lease.id, token: lease.token, signedName: name, signedKey: key, ...change };
    const proof = prove(all.token, { name: all.signedName, key: all.signedKey, nonce });
    return { name: all.name, key: all.key, third: `${all.id}.${nonce}.${proof}` };
  });
  const thirds = fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.oneof(mutated(good.map(({ third }) => third)), anyBytes) },
    { weight: 1, arbitrary: fc.tuple(good, fc.constantFrom(...SPOILERS)).map(([{ third }, spoil]) => spoil(third)) },
  );
  return fc.tuple(good, thirds).map(([each, third]) => ({ ...each, third: third ?? each.third }));
}

const nonces = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64url'));

/** Half of the time a bound lease is asked for by its own key. */
function findOwn(lease: ModelLease, key: string): { readonly key: string } {
  return { key: lease.key !== undefined && key < 'Q' ? lease.key : key };
}

/** Most of the time one of the names of its domain. */
function pickName({ leased }: World, { lease, name, nonce }: { lease: ModelLease; name: string; nonce: string }) {
  const own = [...leased].filter(([, domain]) => domain === lease.domain).map(([each]) => each);
  return nonce < 'c' ? (own[nonce.charCodeAt(0) % own.length] ?? name) : name;
}

function keepOne<T extends object>(changes: T): Partial<T> {
  return Object.fromEntries(Object.entries(changes).slice(0, 1)) as Partial<T>;
}

function linesOf(parts: fc.Arbitrary<Parts>): fc.Arbitrary<Bytes[]> {
  const ends = fc.oneof(
    { weight: 12, arbitrary: fc.constant('\n') },
    { weight: 1, arbitrary: fc.constantFrom('\r\n', ' \n', '\r', '') },
  );
  const orders = fc.constantFrom<readonly (keyof Parts)[]>(
    ...Array.from({ length: 8 }, () => ['name', 'key', 'third'] as const),
    ...[['key', 'name', 'third'] as const, ['key', 'name', 'third'] as const, ['name', 'key'] as const],
    ...[['third', 'name', 'key'] as const, ['name', 'third', 'key'] as const],
  );
  const text = fc
    .tuple(parts, orders, fc.array(ends, { minLength: 3, maxLength: 3 }))
    .map(([each, order, lineEnds]) => order.map((part, index) => `${each[part]}${lineEnds[index]}`).join(''));
  return cut(fc.oneof({ weight: 6, arbitrary: text }, { weight: 1, arbitrary: mutated(text) }));
}

function bodiesOf(parts: fc.Arbitrary<Parts>): fc.Arbitrary<string> {
  const odd = fc.array(fc.tuple(fc.constantFrom(...FIELD_NAMES), fc.constantFrom(...ODD_PROOFS)), { maxLength: 1 });
  return fc.tuple(parts, odd, fc.constantFrom('domain', 'domain', 'segment')).map(([each, others, field]) => {
    const fields = { [field]: each.name, public_key: each.key, proof: each.third };
    return JSON.stringify({ ...fields, ...Object.fromEntries(others) });
  });
}
