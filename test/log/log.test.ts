import assert from 'node:assert/strict';
import test from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { parseRouterName } from '../../src/core/values/router-name.ts';
import { EVENTS, type EventName } from '../../src/log/events.ts';
import type { LogFormat } from '../../src/log/format.ts';
import { Log, type LogFields } from '../../src/log/log.ts';
import { KEYS, texts } from '../core/arbitraries.ts';

const SETTINGS = { level: 'debug', addresses: 'full' } as const;
const FROM = parseIpAddress('2001:db8::1');
const ADMITTED = {
  domain: 'ffww01',
  address: 'fe80::a6:8fff:fe21:5465',
  key: KEYS[2],
  from: FROM,
  new: true,
} as const;

test("the journal gets the contract's example exactly", () => {
  const example = 'admitted ffww01 fe80::a6:8fff:fe21:5465 key=o52Ge+Rpj4CU… from=2001:db8::1 new';
  assert.equal(print('journal', ADMITTED, 'admitted'), `<6>${example}\n`);
});

const PRIORITIES = { debug: '<7>', info: '<6>', warn: '<4>', error: '<3>' } as const;
for (const [event, { priority }] of Object.entries(EVENTS)) {
  test(`${event} has the priority ${PRIORITIES[priority]} in the journal`, () => {
    const { log, lines } = capture('journal');
    log.report(event as EventName, {});
    assert.deepEqual(lines, [`${PRIORITIES[priority]}${event}\n`]);
  });
}

test('events below the level are not printed, and a new level applies at once', () => {
  const { log, lines } = capture('journal', { ...SETTINGS, level: 'warn' });
  log.report('marked', {});
  log.configure({ ...SETTINGS, level: 'info' });
  log.report('removed', {});
  log.report('alive', {});
  assert.deepEqual(lines, ['<6>removed\n']);
});

test('the name of a router is printed in its own script, in quotes that it cannot end', () => {
  const line = print('journal', { key: KEYS[2], name: parseRouterName('Köln "学校" \\'), by: 'operator' }, 'named');
  assert.equal(line, '<6>named key=o52Ge+Rpj4CU… name="Köln \\"学校\\" \\\\" by=operator\n');
});

const MASKED = [
  ['an IPv4 address in full', '192.0.2.77', 'full', ' from=192.0.2.77'],
  ['the prefix of an IPv4 address', '192.0.2.77', 'prefix', ' from=192.0.2.0/24'],
  ['no IPv4 address', '192.0.2.77', 'none', ''],
  ['an IPv6 address in full', '2001:db8:1:2::3', 'full', ' from=2001:db8:1:2::3'],
  ['the prefix of an IPv6 address', '2001:db8:1:2::3', 'prefix', ' from=2001:db8:1::/48'],
  ['no IPv6 address', '2001:db8:1:2::3', 'none', ''],
] as const;
for (const [name, text, addresses, expected] of MASKED) {
  test(`"${addresses}" prints ${name}`, () => {
    const line = print('journal', { from: parseIpAddress(text) }, 'refused', { level: 'info', addresses });
    assert.equal(line, `<6>refused${expected}\n`);
  });
}

test('new address settings apply at once', () => {
  const { log, lines } = capture('json');
  log.configure({ ...SETTINGS, addresses: 'none' });
  log.report('refused', { from: FROM });
  assert.ok(!lines.join('').includes(FROM));
});

test('a field that is undefined is left out, and a reason comes last', () => {
  const fields = { reason: 'it is full', aside: undefined, live: true, count: 3 };
  assert.equal(print('journal', fields), '<6>event live count=3: it is full\n');
});

test('a value with blanks or quotes is quoted, an empty one too', () => {
  assert.equal(print('journal', { sent: 'a b', other: '"', none: '' }), '<6>event sent="a b" other="\\"" none=""\n');
});

test('control bytes are escaped in every format', () => {
  for (const format of ['journal', 'json'] as const) {
    const line = print(format, { domain: 'a\nb', sent: '\x1b[31m', reason: 'c\r\nd' });
    assert.match(line, /^[ -~]+\n$/);
  }
  assert.equal(print('journal', { domain: 'a\nb' }), '<6>event a\\u000ab\n');
});

test('with any fields, the journal gets one bounded printable line', () => {
  fc.assert(
    fc.property(texts, texts, texts, (domain, sent, reason) => {
      const long = (text: string) => text.repeat(20);
      const line = print('journal', { domain: long(domain), sent: long(sent), reason: long(reason) });
      assert.match(line, /^<6>event[ -~…]*\n$/);
      assert.ok(line.length < 6 * (64 + 64 + 400) + 50);
    }),
  );
});

test('with any fields, JSON is one object per line, and the terminal gets one line', () => {
  fc.assert(
    fc.property(texts, texts, (sent, reason) => {
      const line = print('json', { sent, reason, count: 3, live: true });
      assert.equal(line.indexOf('\n'), line.length - 1);
      const { msg, count, live } = JSON.parse(line) as Record<string, unknown>;
      assert.deepEqual([msg, count, live], ['event', 3, true]);
      assert.match(stripVTControlCharacters(print('terminal', { sent, reason })), /^event[ -~…]*\n$/);
    }),
  );
});

test('JSON has the whole key and the time', () => {
  const { key, time, level } = JSON.parse(print('json', ADMITTED)) as Record<string, unknown>;
  assert.deepEqual([key, level], [KEYS[2], 30]);
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('the terminal gets the same line as the journal, in colour', () => {
  const { log, lines } = capture('terminal');
  log.report('admitted', ADMITTED);
  log.report('failed', { domain: 'ffww01' });
  const [info = '', error = ''] = lines;
  assert.equal(`<6>${stripVTControlCharacters(info)}`, print('journal', ADMITTED, 'admitted'));
  assert.ok(info.includes('\x1b['));
  assert.ok(error.startsWith('\x1b[31m') && error.endsWith('\x1b[0m\n'));
});

function capture(format: LogFormat, settings: ConstructorParameters<typeof Log>[0] = SETTINGS) {
  const lines: string[] = [];
  const log = new Log(settings, format, (line) => {
    lines.push(line);
  });
  return { log, lines };
}

function print(format: LogFormat, fields: LogFields, event = 'event', settings?: ConstructorParameters<typeof Log>[0]) {
  const { log, lines } = capture(format, settings);
  log.reportAs(event, 'refused', fields);
  assert.equal(lines.length, 1);
  return lines.join('');
}
