import assert from 'node:assert/strict';
import test from 'node:test';
import { PassLog } from '../../src/cleanup/pass-log.ts';
import { DOMAIN } from '../core/arbitraries.ts';
import { keepLog } from '../system/events.ts';

const LEVELS = [
  ['debug', 7],
  ['info', 6],
  ['warn', 4],
  ['error', 3],
] as const;

for (const [level, priority] of LEVELS) {
  test(`${level}: 40 lines of an event are written, and the rest is a number of the same level`, () => {
    const { log, lines } = keepLog();
    const pass = new PassLog(log, DOMAIN);
    for (let index = 1; index <= 6000; index++) pass[level]('removed', { index });
    assert.deepEqual(
      [lines.length, lines[0], lines.at(-1)],
      [40, `<${priority}>removed index=1`, `<${priority}>removed index=40`],
    );
    pass.flush();
    assert.deepEqual(lines.slice(40), [`<${priority}>removed others ffww01 times=5960`]);
  });
}

test('each event has its own 40 lines, and no number where these were all', () => {
  const { log, lines } = keepLog();
  const pass = new PassLog(log, DOMAIN);
  for (let index = 1; index <= 40; index++) pass.info('removed', {});
  for (let index = 1; index <= 41; index++) pass.info('marked', {});
  pass.flush();
  const count = (text: string) => lines.filter((line) => line === text).length;
  assert.deepEqual(
    [count('<6>removed'), count('<6>marked'), lines.at(-1)],
    [40, 40, '<6>marked others ffww01 times=1'],
  );
  assert.equal(lines.length, 81);
});

test('the next pass begins to count again', () => {
  const { log, lines } = keepLog();
  const pass = new PassLog(log, DOMAIN);
  for (let index = 1; index <= 50; index++) pass.info('removed', {});
  pass.flush();
  pass.flush();
  assert.equal(lines.length, 41);
  pass.info('removed', {});
  pass.flush();
  assert.deepEqual(lines.slice(41), ['<6>removed']);
});

for (const level of ['info', 'warn', 'error'] as const) {
  test(`of events below the level ${level} no line is written, and no number either`, () => {
    const { log, lines } = keepLog(level);
    const pass = new PassLog(log, DOMAIN);
    const below = LEVELS.slice(
      0,
      LEVELS.findIndex(([name]) => name === level),
    );
    for (const [name] of below) for (let index = 1; index <= 50; index++) pass[name](`${name} event`, {});
    for (let index = 1; index <= 50; index++) pass[level]('failed', {});
    pass.flush();
    assert.deepEqual([lines.length, lines.at(-1)?.slice(3)], [41, 'failed others ffww01 times=10']);
  });
}
