import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type IpAddress, parseIpAddress } from '../../src/core/values/ip-address.ts';
import { Attention } from '../../src/log/flood-guard.ts';
import { Log } from '../../src/log/log.ts';
import { KEYS } from '../core/arbitraries.ts';

const SETTINGS = { level: 'info', addresses: 'full' } as const;
const BY_CODE = { by: ['from', 'code'] };

test('the first refusal is logged at once, and repeats become one line with their number', () => {
  const { lines, refuse, attention } = capture();
  for (const sent of ['a', 'b', 'c']) refuse('192.0.2.1', 'INVALID_DOMAIN', sent);
  assert.deepEqual(lines, ['<6>refused from=192.0.2.1 code=INVALID_DOMAIN sent=a\n']);
  attention.flush();
  assert.deepEqual(lines.slice(1), ['<6>refused again from=192.0.2.1 code=INVALID_DOMAIN times=2 seconds=0\n']);
});

test('another source or another code is a line of its own', () => {
  const { lines, refuse } = capture();
  refuse('192.0.2.1', 'BUSY');
  refuse('192.0.2.2', 'BUSY');
  refuse('192.0.2.1', 'FULL');
  assert.equal(lines.length, 3);
});

test('the addresses of an IPv6 /64 count together, under its prefix', () => {
  const { lines, refuse, attention } = capture();
  for (const address of ['2001:db8:1:2::3', '2001:db8:1:2::4', '2001:db8:1:2::5']) refuse(address, 'BUSY');
  attention.flush();
  assert.deepEqual(lines, [
    '<6>refused from=2001:db8:1:2::3 code=BUSY\n',
    '<6>refused again from=2001:db8:1:2::/64 code=BUSY times=2 seconds=0\n',
  ]);
});

const SHOWN = [
  ['prefix', '192.0.2.1', 'from=192.0.2.0/24 '],
  ['prefix', '2001:db8:1:2::3', 'from=2001:db8:1::/48 '],
  ['none', '192.0.2.1', ''],
  ['none', '2001:db8:1:2::3', ''],
] as const;
for (const [addresses, address, shown] of SHOWN) {
  test(`with "${addresses}" the line with the number shows "${shown}" of ${address}`, () => {
    const { lines, refuse, attention } = capture({ level: 'info', addresses });
    refuse(address, 'BUSY');
    refuse(address, 'BUSY');
    attention.flush();
    assert.equal(lines[1], `<6>refused again ${shown}code=BUSY times=1 seconds=0\n`);
  });
}

test('100,000 sources get a hundred lines at once, ten at the end, and one for all others', () => {
  const { lines, refuse, attention } = capture();
  for (let host = 0; host < 100_000; host++) refuse(`10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`, 'BUSY');
  for (let time = 0; time < 7; time++) refuse('10.0.1.1', 'BUSY');
  assert.equal(lines.length, 100);
  attention.flush();
  assert.equal(lines.length, 111);
  assert.match(lines[100] ?? '', /^<6>refused again from=10\.0\.1\.1 code=BUSY times=8 seconds=\d+\n$/);
  // Of the 4096 sources with a count of their own, 100 had a line at once and 10 had one at the end.
  assert.match(lines[110] ?? '', /^<6>refused others sources=3986 times=99890 seconds=\d+\n$/);
});

test('a storm of 2000 routers has a line for each', () => {
  const { lines, attention } = capture();
  for (let host = 0; host < 2000; host++) {
    const from = parseIpAddress(`10.0.${host >> 8}.${host & 255}`);
    attention.report('admitted', { domain: 'ffww01', key: KEYS[0], from, new: true });
  }
  assert.equal(lines.length, 2000);
});

test('failures for the same reason become one line with their number, and another reason gets its own line', () => {
  const { lines, attention } = capture();
  const fail = (reason: string, exchanges: number) =>
    attention.report('failed', { domain: 'ffww01', exchanges, reason }, { by: ['domain', 'reason'], times: exchanges });
  fail('wgww01 does not exist', 2);
  fail('wgww01 does not exist', 30);
  fail('wg hangs', 1);
  fail('wgww01 does not exist', 4);
  attention.flush();
  assert.deepEqual(lines, [
    '<3>failed ffww01 exchanges=2: wgww01 does not exist\n',
    '<3>failed ffww01 exchanges=1: wg hangs\n',
    '<3>failed again ffww01 times=34 seconds=0: wgww01 does not exist\n',
  ]);
});

test('a warning stays a warning, and differs from others by any of its fields', () => {
  const { lines, attention } = capture();
  for (const reason of ['line 1', 'line 2', 'line 1']) attention.report('invalid key list', { reason });
  attention.flush();
  assert.deepEqual(lines, [
    '<4>invalid key list: line 1\n',
    '<4>invalid key list: line 2\n',
    '<4>invalid key list again times=1 seconds=0: line 1\n',
  ]);
});

test('the number is logged when the interval is over, and then counting starts again', async () => {
  const { lines, refuse } = capture(SETTINGS, 0.05);
  for (let time = 0; time < 3; time++) refuse('192.0.2.1', 'BUSY');
  await pause(100);
  assert.equal(lines.length, 2);
  assert.match(lines[1] ?? '', / times=2 /);
  refuse('192.0.2.1', 'BUSY');
  assert.equal(lines[2], lines[0]);
});

test('an interval without repeats ends without a line', async () => {
  const { lines, refuse, attention } = capture(SETTINGS, 0.05);
  refuse('192.0.2.1', 'BUSY');
  await pause(100);
  attention.flush();
  assert.equal(lines.length, 1);
});

test('a timer runs only after an event, once per interval', async (t) => {
  const { mock } = t.mock.method(globalThis, 'setTimeout');
  const { refuse } = capture(SETTINGS, 0.05);
  assert.equal(mock.callCount(), 0);
  for (let time = 0; time < 3; time++) refuse('192.0.2.1', 'BUSY');
  await pause(150);
  assert.equal(mock.callCount(), 1);
});

function capture(settings: ConstructorParameters<typeof Log>[0] = SETTINGS, intervalSeconds?: number) {
  const lines: string[] = [];
  const log = new Log(settings, 'journal', (line) => {
    lines.push(line);
  });
  const attention = new Attention(log, intervalSeconds);
  const refuse = (from: string, code: string, sent?: string) => {
    const fields = { from: from as IpAddress, code, ...(sent === undefined ? {} : { sent }) };
    attention.report('refused', fields, BY_CODE);
  };
  return { lines, refuse, attention };
}
