import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findEndOfDay, parseDays } from '../../../src/cli/leases/end-date.ts';
import { damaged, parseOrRefuse, texts } from '../../core/arbitraries.ts';

/** Nothing else runs meanwhile. */
function inZone<T>(zone: string, action: () => T): T {
  const { TZ } = process.env;
  process.env['TZ'] = zone;
  try {
    return action();
  } finally {
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  }
}

const toUtc = (seconds: number) => new Date(seconds * 1000).toISOString();

describe('the end of a day', () => {
  for (const [name, zone, day, end] of [
    ['in UTC', 'UTC', '2026-12-31', '2026-12-31T23:59:59'],
    ['in winter', 'Europe/Berlin', '2026-12-31', '2026-12-31T22:59:59'],
    ['in summer', 'Europe/Berlin', '2026-07-01', '2026-07-01T21:59:59'],
    ['of 23 hours', 'Europe/Berlin', '2026-03-29', '2026-03-29T21:59:59'],
    ['of 25 hours', 'Europe/Berlin', '2026-10-25', '2026-10-25T22:59:59'],
    ['before one that begins at 1 o’clock', 'America/Santiago', '2026-09-05', '2026-09-06T03:59:59'],
    ['whose last hour comes twice', 'America/Santiago', '2026-04-04', '2026-04-05T03:59:59'],
    ['east of UTC', 'Pacific/Kiritimati', '2026-01-01', '2026-01-01T09:59:59'],
    ['with a leap day', 'UTC', '2028-02-29', '2028-02-29T23:59:59'],
  ] as const)
    test(`${name} is its last second`, () => assert.equal(toUtc(inZone(zone, () => findEndOfDay(day))), `${end}.000Z`));

  for (const [name, zone, day] of [
    ['that no calendar has', 'UTC', '2026-02-29'],
    ['of a 13th month', 'UTC', '2026-13-01'],
    ['0', 'UTC', '2026-01-00'],
    ['that the time zone left out', 'Pacific/Apia', '2011-12-30'],
    ['of the first century', 'UTC', '0026-01-01'],
  ] as const)
    test(`${name} is refused`, () =>
      assert.throws(() => inZone(zone, () => findEndOfDay(day)), {
        name: 'InputError',
        message: `Cannot use "${day}" as a date: there is no such day`,
      }));

  test('is the second before another day, for every date; other texts are refused with a line', () => {
    const dates = fc
      .date({ min: new Date('1970-01-02'), max: new Date('9999-12-30'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
    fc.assert(
      fc.property(fc.oneof(dates, damaged(dates), texts), (text) => {
        const end = parseOrRefuse(() => inZone('UTC', () => findEndOfDay(text)));
        if (end !== undefined) assert.equal(toUtc(end), `${text}T23:59:59.000Z`);
      }),
    );
    fc.assert(fc.property(dates, (date) => void inZone('UTC', () => findEndOfDay(date))));
  });
});

describe('a number of days', () => {
  for (const days of [1, 30, 365, 3650]) test(`may be ${days}`, () => assert.equal(parseDays(`${days}`), days));

  for (const text of ['', '0', '-1', '01', '1.5', '1e2', ' 1', '3651', '99999999999', '0x10'])
    test(`may not be ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseDays(text), {
        name: 'InputError',
        message: `Cannot use ${JSON.stringify(text)} as a number of days: expected 1 to 3650`,
      }));
});
