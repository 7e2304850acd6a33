import fc from 'fast-check';
import { buildLeaseId, buildToken } from '../../../src/core/leases/credentials.ts';
import type { Letter } from '../../../src/core/mail/letter.ts';
import { domainNames } from '../arbitraries.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const endpoints = fc.constantFrom('vpn.example.org:51820', '[2001:db8::1]:51820', '192.0.2.1:1');
const addresses = fc.constantFrom('anna@example.org', "o'neill+vpn@mail.example.org", 'root@localhost');
const ends = fc.integer({ min: 0, max: 253_402_300_799 });
const common = { id: bytes(5).map(buildLeaseId), to: addresses, domain: domainNames, endpoint: endpoints };

/** Every kind of letter. */
export const letters: fc.Arbitrary<Letter> = fc.oneof(
  fc.record(
    { kind: fc.constant('grant' as const), ...common, token: bytes(17).map(buildToken), expires: ends },
    { requiredKeys: ['kind', 'id', 'to', 'domain', 'endpoint', 'token'], noNullPrototype: true },
  ),
  fc.record(
    { kind: fc.constant('extend' as const), ...common, expires: ends },
    { requiredKeys: ['kind', 'id', 'to', 'domain', 'endpoint'], noNullPrototype: true },
  ),
  fc.record(
    { kind: fc.constant('remind' as const), ...common, expires: ends, days: fc.integer({ min: 0, max: 10_000 }) },
    { noNullPrototype: true },
  ),
);
