import assert from 'node:assert/strict';
import test from 'node:test';
import { FLOOD_MAC, type ForwardingEntry } from '../../../src/core/kernel/fdb.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import type { Repaired } from '../../../src/system/domain/repair.ts';
import { logRepairs } from '../../../src/system/domain/repair-log.ts';
import { addressOf, DOMAIN, KEYS } from '../../core/arbitraries.ts';
import { keepLog } from '../events.ts';

const ENTRY: ForwardingEntry = { mac: FLOOD_MAC, destination: addressOf(KEYS[0]), via: undefined };
const ROUTE = parseIpAddress('fe80::1');
const none = { removed: [], restored: [], failures: new Map(), describe: () => ({}) };
const entries = (some: Partial<Repaired<ForwardingEntry>> = {}) => ({
  what: 'forwarding entry' as const,
  ...none,
  ...some,
});
const routes = (some: Partial<Repaired<typeof ROUTE>> = {}) => ({ what: 'route' as const, ...none, ...some });

test('the repairs of one kind are one line, whatever the number of routers', () => {
  const { log, lines } = keepLog();
  const restored = Array<ForwardingEntry>(6000).fill(ENTRY);
  logRepairs([entries({ restored, removed: [ENTRY] }), routes({ restored: [ROUTE] })], DOMAIN, log);
  assert.deepEqual(lines, [
    '<6>repaired ffww01 what="forwarding entry" restored=6000 removed=1',
    '<6>repaired ffww01 what=route restored=1 removed=0',
  ]);
});

test('without repairs nothing is logged', () => {
  const { log, lines } = keepLog();
  logRepairs([entries()], DOMAIN, log);
  logRepairs([entries(), routes()], DOMAIN, log);
  assert.deepEqual(lines, []);
});

test('failed repairs cause an error with the first reason of each kind, after the others are logged', () => {
  const { log, lines } = keepLog();
  const gone = entries({ restored: [ENTRY], failures: new Map([[ENTRY, new Error('no such device')]]) });
  const busy = new Map([
    [ROUTE, new Error('busy')],
    [parseIpAddress('fe80::2'), new Error('gone')],
  ]);
  assert.throws(() => logRepairs([gone, routes({ restored: [ROUTE] })], DOMAIN, log), {
    message: 'forwarding entry: 1 not repaired: no such device',
  });
  assert.deepEqual(lines, [
    '<6>repaired ffww01 what="forwarding entry" restored=1 removed=0',
    '<6>repaired ffww01 what=route restored=1 removed=0',
  ]);
  assert.throws(() => logRepairs([gone, routes({ failures: busy })], DOMAIN, log), {
    message: 'forwarding entry: 1 not repaired: no such device; route: 2 not repaired: busy',
  });
});
