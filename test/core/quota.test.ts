import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Source } from '../../src/core/ip-address.ts';
import { SourceTable } from '../../src/core/quota.ts';

const LIMITS = { connections: 2, burst: 3, perSecond: 1 };
const CAPACITY = 4;
const [A, B] = ['192.0.2.1', '192.0.2.2'] as Source[] as [Source, Source];
const sources = fc.integer({ min: 1, max: 12 }).map((host) => `192.0.2.${host}` as Source);

test('a source has its burst at once, and then a token every second', () => {
  const table = new SourceTable({ ...LIMITS, remembered: CAPACITY });
  assert.deepEqual(
    [0, 0, 0, 0].map((now) => table.takeToken(A, now)),
    [true, true, true, false],
  );
  assert.deepEqual(
    [999, 1000, 1001].map((now) => table.takeToken(A, now)),
    [false, true, false],
  );
});

test('a bucket never holds more than its burst', () => {
  const table = new SourceTable({ ...LIMITS, remembered: CAPACITY });
  table.takeToken(A, 0);
  const hour = 3_600_000;
  assert.deepEqual(
    [hour, hour, hour, hour].map((now) => table.takeToken(A, now)),
    [true, true, true, false],
  );
});

test('what one source takes, no other one lacks', () => {
  const table = new SourceTable({ ...LIMITS, remembered: CAPACITY });
  while (table.takeToken(A, 0));
  assert.ok(table.takeToken(B, 0));
});

/** GCRA, the leaky bucket of ITU-T I.371, which allows the same: all it remembers is when the next token is due. */
test('at any times the tokens are those of a leaky bucket', () => {
  const pauses = fc.array(fc.nat(12).map((quarters) => quarters * 250));
  fc.assert(
    fc.property(pauses, (some) => {
      const table = new SourceTable({ ...LIMITS, remembered: CAPACITY });
      let now = 0;
      let due = 0;
      for (const pause of some) {
        now += pause;
        const isAllowed = now >= due - 1000 * (LIMITS.burst - 1);
        assert.equal(table.takeToken(A, now), isAllowed);
        if (isAllowed) due = Math.max(now, due) + 1000;
      }
    }),
  );
});

test('a source has so many connections at once, and the end of one lets another one in', () => {
  const table = new SourceTable({ ...LIMITS, remembered: CAPACITY });
  assert.deepEqual(
    [A, A, A, B].map((source) => table.open(source, 0)),
    [true, true, false, true],
  );
  table.close(A);
  assert.deepEqual(
    [A, A].map((source) => table.open(source, 0)),
    [true, false],
  );
});

test('new limits count at once', () => {
  const table = new SourceTable({ ...LIMITS, remembered: CAPACITY });
  table.open(A, 0);
  table.limits = { connections: 1, burst: 1, perSecond: 1, remembered: CAPACITY };
  assert.ok(!table.open(A, 0));
  assert.ok(table.takeToken(A, 0));
  assert.ok(!table.takeToken(A, 0));
});

const steps = fc.array(fc.tuple(fc.constantFrom('open', 'close', 'token'), sources), { maxLength: 60 });

test('whatever comes, the table is bounded and no source has more connections than it may', () => {
  fc.assert(
    fc.property(steps, (some) => {
      const table = new SourceTable({ ...LIMITS, remembered: CAPACITY });
      const connections: Source[] = [];
      for (const [now, [what, source]] of some.entries()) {
        if (what === 'token') table.takeToken(source, now);
        else changeConnections(what, source, table, connections);
        assert.ok(table.size <= CAPACITY);
      }
    }),
    { numRuns: 500 },
  );
});

/** Fewer sources have a connection than the table holds, as in the server. */
function changeConnections(what: string, source: Source, table: SourceTable, connections: Source[]): void {
  const count = connections.filter((one) => one === source).length;
  if (what === 'close' && count > 0) {
    table.close(source);
    connections.splice(connections.indexOf(source), 1);
  }
  if (what !== 'open' || new Set([...connections, source]).size >= CAPACITY) return;
  const isOpen = table.open(source, 0);
  assert.equal(isOpen, count < LIMITS.connections);
  if (isOpen) connections.push(source);
}

test('however many sources there were, a stranger is let in', () => {
  fc.assert(
    fc.property(steps, (some) => {
      const table = new SourceTable({ ...LIMITS, remembered: CAPACITY });
      for (const [now, [what, source]] of some.entries()) {
        if (what === 'open') table.open(source, now);
        else table.takeToken(source, now);
      }
      const stranger = '198.51.100.1' as Source;
      assert.ok(table.open(stranger, some.length) && table.takeToken(stranger, some.length));
      assert.ok(table.size <= CAPACITY);
    }),
  );
});

test('the source that was quiet longest is forgotten, and one with a connection is not', () => {
  const table = new SourceTable({ ...LIMITS, burst: 1, remembered: 2 });
  const [C, D] = ['192.0.2.3', '192.0.2.4'] as Source[] as [Source, Source];
  table.open(A, 0);
  table.takeToken(A, 0);
  table.takeToken(B, 0);
  table.takeToken(C, 0);
  assert.equal(table.size, 2);
  assert.ok(!table.takeToken(A, 0), 'A is remembered, as it has a connection');
  assert.ok(table.takeToken(B, 0), 'B was forgotten');
  assert.ok(table.takeToken(D, 0));
});

test('a source that came again is not the quietest one', () => {
  const table = new SourceTable({ ...LIMITS, burst: 2, remembered: 2 });
  const C = '192.0.2.3' as Source;
  for (const source of [A, B, A, C]) table.takeToken(source, 0);
  assert.ok(!table.takeToken(A, 0), 'A is remembered');
});
