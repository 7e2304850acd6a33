import assert from 'node:assert/strict';
import test from 'node:test';
import { PassLog } from '../../src/cleanup/pass/pass-log.ts';
import { reportFailures, reportRepairs } from '../../src/cleanup/reports.ts';
import { parseConfig } from '../../src/config/config.ts';
import { FLOOD_MAC, type ForwardingEntry } from '../../src/core/kernel/fdb.ts';
import { type IpAddress, parseIpAddress } from '../../src/core/values/ip-address.ts';
import type { Repaired } from '../../src/system/domain/repair.ts';
import { DOMAIN } from '../core/arbitraries.ts';
import { keepLog } from '../system/events.ts';

const config = parseConfig('[domains.ffww01]\nwireguard = "wg"\nvxlan = "vx"\n', 'test.toml');
const domain = config.domains.get(DOMAIN) ?? assert.fail('no domain');
const addressAt = (index: number) => parseIpAddress(`fe80::${index.toString(16)}`);
const addresses = Array.from({ length: 100 }, (_, index) => addressAt(index + 1));
const NO_ENTRIES = { removed: [], restored: [], failures: new Map(), describe: () => ({}) };
const ENTRIES: Repaired<ForwardingEntry> = { what: 'forwarding entry', ...NO_ENTRIES };

function open(dryRun = false) {
  const { log, lines } = keepLog();
  return {
    lines,
    pass: { domain, config, log: new PassLog(log, DOMAIN, dryRun), dryRun },
  };
}

function routes(some: Partial<Repaired<IpAddress>>): Repaired<IpAddress> {
  return { what: 'route', ...NO_ENTRIES, describe: (address) => ({ address }), ...some };
}

test('failures for one reason are one line, however many there are', () => {
  const { lines, pass } = open();
  const [first, second, third] = addresses as [IpAddress, IpAddress, IpAddress];
  const failures = new Map([
    [first, new Error('busy')],
    [second, new Error('no such device')],
    [third, new Error('busy')],
  ]);
  reportFailures('route', failures, pass, (address) => ({ address }));
  assert.deepEqual(lines, [
    '<3>failed ffww01 count=2 what=route: busy',
    '<3>failed ffww01 fe80::2 what=route: no such device',
  ]);
});

for (const [dryRun, prefix] of [
  [false, ''],
  [true, 'dry run: '],
] as const) {
  test(`${dryRun ? 'a dry run reports what it would repair' : 'repairs are reported'}, in 40 lines for each kind`, () => {
    const { lines, pass } = open(dryRun);
    const repairs = routes({ removed: addresses.slice(0, 1), restored: addresses });
    assert.equal(reportRepairs([ENTRIES, repairs], pass), 0);
    pass.log.flush();
    assert.equal(lines.length, 1 + 40 + 1);
    assert.deepEqual(lines.slice(0, 2), [
      `<6>${prefix}removed route ffww01 fe80::1`,
      `<6>${prefix}restored route ffww01 fe80::1`,
    ]);
    assert.equal(lines.at(-1), `<6>${prefix}restored route others ffww01 times=60`);
  });
}

test('failed repairs of every kind are counted', () => {
  const { lines, pass } = open();
  const entry: ForwardingEntry = { mac: FLOOD_MAC, destination: addressAt(1), via: undefined };
  const failed = routes({ failures: new Map(addresses.map((address) => [address, new Error('busy')])) });
  const entries = { ...ENTRIES, failures: new Map([[entry, new Error('gone')]]) };
  assert.equal(reportRepairs([entries, failed], pass), 101);
  assert.equal(reportRepairs([entries], pass), 1);
  assert.deepEqual(lines.slice(0, 2), [
    '<3>failed ffww01 what="forwarding entry": gone',
    '<3>failed ffww01 count=100 what=route: busy',
  ]);
});
