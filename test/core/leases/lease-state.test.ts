import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLeaseState } from '../../../src/core/leases/lease-state.ts';
import { bound, END, unbound } from '../../system/leases/scene.ts';

for (const [name, lease, now, state] of [
  ['waits for a key', unbound(1), END - 1, 'unbound'],
  ['has a key', bound(1), END - 1, 'bound'],
  ['has no end date', bound(1, { expires: undefined }), END, 'bound'],
  ['has reached its end date', bound(1), END, 'overdue'],
  ['reached its end date without a key', unbound(1), END, 'overdue'],
  ['was revoked', bound(1, { ended: END - 9 }), END - 1, 'ended'],
  ['was ended after its end date', bound(1, { ended: END + 9 }), END + 10, 'ended'],
] as const)
  test(`a lease that ${name} is ${state}`, () => assert.equal(findLeaseState(lease, now), state));
