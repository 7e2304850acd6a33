import assert from 'node:assert/strict';
import test from 'node:test';
import { PassLog } from '../../src/cleanup/pass/pass-log.ts';
import { DOMAIN } from '../core/arbitraries.ts';
import { keepLog } from '../system/events.ts';

/** An event of each level, with its priority in the journal. */
const LEVELS = [
  ['debug', 'alive', 7],
  ['info', 'removed', 6],
  ['warn', 'nothing removed', 4],
  ['error', 'failed', 3],
] as const;

for (const [level, event, priority] of LEVELS) {
  test(`at level ${level}, 40 lines of an event are written, and the number of the others at the same level`, () => {
    const { log, lines } = keepLog();
    const pass = new PassLog(log, DOMAIN);
    for (let index = 1; index <= 6000; index++) pass.report(event, { address: String(index) });
    assert.deepEqual(
      [lines.length, lines[0], lines.at(-1)],
      [40, `<${priority}>${event} 1`, `<${priority}>${event} 40`],
    );
    pass.flush();
    assert.deepEqual(lines.slice(40), [`<${priority}>${event} others ffww01 times=5960`]);
  });
}

test('each event has its own 40 lines, and no number if there are no others', () => {
  const { log, lines } = keepLog();
  const pass = new PassLog(log, DOMAIN);
  for (let index = 1; index <= 40; index++) pass.report('removed', {});
  for (let index = 1; index <= 41; index++) pass.report('marked', {});
  pass.flush();
  const count = (text: string) => lines.filter((line) => line === text).length;
  assert.deepEqual(
    [count('<6>removed'), count('<6>marked'), lines.at(-1)],
    [40, 40, '<6>marked others ffww01 times=1'],
  );
  assert.equal(lines.length, 81);
});

test('the next pass starts to count again', () => {
  const { log, lines } = keepLog();
  const pass = new PassLog(log, DOMAIN);
  for (let index = 1; index <= 50; index++) pass.report('removed', {});
  pass.flush();
  pass.flush();
  assert.equal(lines.length, 41);
  pass.report('removed', {});
  pass.flush();
  assert.deepEqual(lines.slice(41), ['<6>removed']);
});

for (const level of ['info', 'warn', 'error'] as const) {
  test(`events below the level ${level} have neither lines nor a number`, () => {
    const { log, lines } = keepLog(level);
    const pass = new PassLog(log, DOMAIN);
    const below = LEVELS.slice(
      0,
      LEVELS.findIndex(([name]) => name === level),
    );
    for (const [, event] of below) for (let index = 1; index <= 50; index++) pass.report(event, {});
    const [, event] = LEVELS[below.length] ?? assert.fail(level);
    for (let index = 1; index <= 50; index++) pass.report(event, {});
    pass.flush();
    assert.deepEqual([lines.length, lines.at(-1)?.slice(3)], [41, `${event} others ffww01 times=10`]);
  });
}

test('lines of a dry run say so first, including the number of the others', () => {
  const { log, lines } = keepLog();
  const pass = new PassLog(log, DOMAIN, true);
  for (let index = 1; index <= 41; index++) pass.report('removed', {});
  pass.flush();
  assert.deepEqual([lines[0], lines.at(-1)], ['<6>dry run: removed', '<6>dry run: removed others ffww01 times=1']);
});
