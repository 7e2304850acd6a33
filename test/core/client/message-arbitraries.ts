import fc from 'fast-check';
import type { ClientReply, ClientRequest, Look } from '../../../src/core/client/messages.ts';
import { ipAddresses, PLAIN, publicKeys } from '../arbitraries.ts';
import { leaseIds, nonces, proofs } from '../leases/lease-arbitraries.ts';
import { instanceNames } from './instance-arbitraries.ts';

const ids = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const ports = fc.integer({ min: 1, max: 65_535 });
const hosts = fc.constantFrom('gw1.example.org:10012', '[2001:db8::1]:443', `${'x'.repeat(253)}:65535`);
const ways = fc.constantFrom('udp' as const, 'tcp' as const);
const counts = fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER));
const reasons = fc.constantFrom('Cannot use 10.0.0.0/8: it overlaps 10.1.0.0/16 of eth0', `"\\${'x'.repeat(998)}`);

export const begins = fc.record({ type: fc.constant('begin' as const), name: instanceNames }, PLAIN);

const record = <T extends string, U extends object>(type: T, fields: { [K in keyof U]: fc.Arbitrary<U[K]> }) =>
  fc.record({ type: fc.constant(type), id: ids, ...fields }, PLAIN);

export const clientRequests = fc.oneof(
  record('ticket', {}),
  record('look', {}),
  record('down', {}),
  record('up', {
    gateway: hosts,
    config: fc.uint8Array({ minLength: 1, maxLength: 1500 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    proof: proofs,
    endpoint: fc.record({ address: ipAddresses, port: ports }, PLAIN),
    via: ways,
  }),
) as fc.Arbitrary<ClientRequest>;

const looks: fc.Arbitrary<Look> = fc.record(
  {
    ...{ isUp: fc.boolean(), gateway: hosts, via: ways, handshake: counts, received: counts, sent: counts },
    ...{ expires: counts, relay: hosts, addresses: fc.array(ipAddresses, { maxLength: 2 }) },
  },
  { ...PLAIN, requiredKeys: ['isUp', 'handshake', 'received', 'sent', 'addresses'] },
);
const tickets = fc.record(
  { key: publicKeys, line: fc.tuple(leaseIds, nonces, proofs).map((parts) => parts.join('.')) },
  PLAIN,
);

export const clientReplies = fc.oneof(
  fc.constant({ type: 'ready' as const }),
  record('ticket', { ticket: tickets }),
  record('up', { look: looks }),
  record('look', { look: looks }),
  record('down', {}),
  fc
    .constantFrom('ticket' as const, 'up' as const, 'look' as const, 'down' as const)
    .chain((type) => record(type, { refused: reasons })),
) as fc.Arbitrary<ClientReply | { readonly type: 'ready' }>;
