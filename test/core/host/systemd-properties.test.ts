import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseAccount } from '../../../src/core/host/account.ts';
import { parseClockState } from '../../../src/core/host/clock.ts';
import { parseProperties } from '../../../src/core/host/systemd-properties.ts';
import { parseUnitStates } from '../../../src/core/host/units.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

/** As systemd 252 and 257 print it. */
const CLOCK = `Timezone=Etc/UTC
LocalRTC=no
CanNTP=yes
NTP=no
NTPSynchronized=no
TimeUSec=Fri 2026-11-20 14:27:31 UTC
RTCTimeUSec=Fri 2026-11-20 14:27:32 UTC
`;
const UNITS = `Listen=[::]:10012 (Stream)
Listen=/run/a (Stream)
Id=wgkex.socket
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Id=nowhere.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
`;
const ACCOUNT = 'wgkex:x:997:996:WireGuard key exchange:/:/usr/sbin/nologin\n';

test('a property has a name, and its value is everything after the first equals sign', () => {
  assert.deepEqual(parseProperties('A=1=2\n\nA=\n'), [
    { name: 'A', value: '1=2' },
    { name: 'A', value: '' },
  ]);
});

test('a clock is synchronised, can be, and is meant to be, independently of one another', () => {
  const state = { isSynchronised: false, canSynchronise: true, isSwitchedOn: false };
  assert.deepEqual(parseClockState(CLOCK), state);
  assert.deepEqual(parseClockState(CLOCK.replace('NTPSynchronized=no', 'NTPSynchronized=yes')), {
    ...state,
    isSynchronised: true,
  });
});

test('units have their states, and sockets the addresses that they listen on', () => {
  assert.deepEqual(parseUnitStates(UNITS), [
    {
      ...{ id: 'wgkex.socket', load: 'loaded', active: 'active', file: 'enabled' },
      listen: ['[::]:10012', '/run/a'],
    },
    { id: 'nowhere.service', load: 'not-found', active: 'inactive', file: '', listen: [] },
  ]);
});

test('an account has its user and group numbers', () => {
  assert.deepEqual(parseAccount(ACCOUNT), { uid: 997, gid: 996 });
});

for (const [name, parse, right] of [
  ['of properties', parseProperties, UNITS],
  ['of a clock', parseClockState, CLOCK],
  ['of units', parseUnitStates, UNITS],
  ['of an account', parseAccount, ACCOUNT],
] as const) {
  test(`any other text in place ${name} is refused, and nothing else is thrown`, () => {
    fc.assert(
      fc.property(fc.oneof(texts, damaged(fc.constant(right))), (text) => {
        parseOrRefuse<unknown>(() => parse(text));
      }),
    );
  });
}
