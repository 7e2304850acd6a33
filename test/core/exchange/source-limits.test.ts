import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SourceQuota } from '../../../src/core/exchange/source-limits.ts';
import { deriveSource, deriveSources, parseIpAddress, type Source } from '../../../src/core/values/ip-address.ts';

const LIMITS = { connections: 2, burst: 3, perSecond: 1, remembered: 1000 };
const STANDING = { ...LIMITS, perSecond: 0 };
const [A, B] = ['192.0.2.1', '192.0.2.2'] as Source[] as [Source, Source];

test('a source has a limited number of connections, and the end of one makes another one possible', () => {
  const quota = new SourceQuota(LIMITS);
  assert.deepEqual(
    [A, A, A, B].map((source) => quota.open(source)),
    [true, true, false, true],
  );
  quota.close(A);
  assert.deepEqual(
    [A, A].map((source) => quota.open(source)),
    [true, false],
  );
});

test('new limits apply at once, at every level', () => {
  const quota = new SourceQuota(LIMITS);
  quota.open(A);
  quota.configure({ ...STANDING, connections: 1, burst: 1 });
  assert.ok(!quota.open(A));
  const take = taker(quota);
  assert.deepEqual([take('192.0.2.1'), take('192.0.2.1')], [true, false]);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((network) => take(`2001:db8::${network}:0:0:0:1`)),
    [true, true, true, true, false],
  );
});

test('in any order of openings and closings, a source has as many connections as it may, and no more', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.constantFrom(A, B)), { maxLength: 60 });
  fc.assert(fc.property(steps, requireRightConnections));
});

function requireRightConnections(steps: readonly (readonly [isOpening: boolean, source: Source])[]): void {
  const quota = new SourceQuota(LIMITS);
  const open: Source[] = [];
  for (const [isOpening, source] of steps) {
    const count = open.filter((one) => one === source).length;
    if (isOpening) {
      assert.equal(quota.open(source), count < LIMITS.connections);
      if (count < LIMITS.connections) open.push(source);
    } else if (count > 0) {
      quota.close(source);
      open.splice(open.indexOf(source), 1);
    }
  }
}

test('a /56 has 4 times the burst of a /64, and a /48 has 16 times', () => {
  const take = taker(new SourceQuota(STANDING));
  const count = (addresses: readonly string[]) => addresses.filter((address) => take(address)).length;
  const from = (subnets: readonly number[]) =>
    subnets.flatMap((subnet) => Array.from({ length: 5 }, () => `2001:db8:1:${subnet.toString(16)}::1`));
  const upTo = (most: number) => Array.from({ length: most }, (_, index) => index);
  assert.equal(count(from([0])), 3, 'a /64');
  assert.equal(count(from(upTo(256))), 12 - 3, 'the rest of the /56');
  assert.equal(count(from(upTo(65).map((index) => (index << 8) | 0xff))), 48 - 12, 'the rest of the /48');
  assert.ok(take('2001:db8:2::1'), 'the /48 next to it');
});

test('a request that one level refuses takes no token of another', () => {
  const take = taker(new SourceQuota({ ...LIMITS, burst: 1 }));
  for (const subnet of [1, 2, 3, 4]) assert.ok(take(`2001:db8:0:${subnet}::1`));
  // The /56 has no token: when it has one again, none of a /64's or of the /48's may be gone.
  for (let time = 0; time < 100; time++) assert.ok(!take('2001:db8:0:5::1'));
  assert.deepEqual(
    Array.from({ length: 13 }, (_, index) => take(`2001:db8:0:${(index + 1).toString(16)}00::1`)),
    [...Array.from({ length: 12 }, () => true), false],
  );
  assert.ok(take('2001:db8:0:5::1', 250), 'a quarter of a second later');
});

test('a /64 without a token takes none from its /56', () => {
  const take = taker(new SourceQuota({ ...STANDING, burst: 1 }));
  for (let time = 0; time < 100; time++) take('2001:db8::1');
  assert.deepEqual(
    [1, 2, 3].map((subnet) => take(`2001:db8:0:${subnet}::1`)),
    [true, true, true],
  );
});

test('link-local and IPv4 addresses each have the whole burst, however many there are', () => {
  const take = taker(new SourceQuota({ ...STANDING, burst: 1 }));
  for (let host = 1; host < 100; host++) {
    for (const address of [`fe80::${host}`, `192.0.2.${host}`])
      assert.deepEqual([take(address), take(address)], [true, false]);
  }
});

/** A second version of the contract: counts the recent grants of each network. */
test('for any requests from anywhere, each network gets its burst and rate, and no more', () => {
  const addresses = fc
    .tuple(fc.nat(1), fc.nat(2), fc.nat(2))
    .map(([site, home, net]) => `2001:db8:${site}:${(home * 256 + net).toString(16)}::1`);
  const steps = fc.array(
    fc.tuple(
      addresses,
      fc.nat(3).map((quarters) => quarters * 250),
    ),
    { maxLength: 120 },
  );
  fc.assert(
    fc.property(steps, (some) => {
      const take = taker(new SourceQuota({ ...LIMITS, burst: 2 }));
      const due = new Map<Source, number>();
      let now = 0;
      for (const [address, pause] of some) {
        now += pause;
        const levels = deriveSources(parseIpAddress(address)).map((source, index) => ({
          source,
          share: [1, 4, 16][index] ?? 0,
        }));
        const isAllowed = levels.every(
          ({ source, share }) => now >= (due.get(source) ?? 0) - (1000 / share) * (2 * share - 1),
        );
        assert.equal(take(address, now), isAllowed);
        if (!isAllowed) continue;
        for (const { source, share } of levels) due.set(source, Math.max(now, due.get(source) ?? 0) + 1000 / share);
      }
    }),
  );
});

test('a new source gets a token, however many sources there were', () => {
  const groups = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)).map((some) => `2001:${some.join(':')}::1`);
  fc.assert(
    fc.property(fc.array(fc.oneof(groups, fc.ipV4()), { maxLength: 60 }), (some) => {
      const quota = new SourceQuota({ ...STANDING, remembered: 4 });
      const take = taker(quota);
      for (const address of some) take(address);
      for (const stranger of ['2001:db8::1', '198.51.100.1', 'fe80::99']) {
        assert.ok(take(stranger));
        assert.ok(quota.open(deriveSource(parseIpAddress(stranger))));
      }
    }),
  );
});

test('an address without limits always has a token', () => {
  const quota = new SourceQuota({ ...STANDING, burst: 1 });
  assert.deepEqual([quota.takeToken([], 0), quota.takeToken([], 0)], [true, true]);
});

function taker(quota: SourceQuota) {
  return (address: string, nowMilliseconds = 0) =>
    quota.takeToken(deriveSources(parseIpAddress(address)), nowMilliseconds);
}
