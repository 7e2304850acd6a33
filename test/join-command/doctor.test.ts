import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { makePaint } from '../../src/cli/terminal/terminal.ts';
import type { UnitState } from '../../src/core/host/units.ts';
import { DAY_SECONDS } from '../../src/core/values/time.ts';
import { judgeAccount } from '../../src/join/commands/doctor/account.ts';
import { finding, isSound, NEEDS_ROOT, type Outcome, runCheck } from '../../src/join/commands/doctor/finding.ts';
import { judgeTraces, listTraces } from '../../src/join/commands/doctor/leftovers.ts';
import { judgeClock } from '../../src/join/commands/doctor/machine.ts';
import { findFault } from '../../src/join/commands/doctor/network.ts';
import { describeOutcomes, renderOutcomes } from '../../src/join/commands/doctor/text.ts';
import { judgeLease, judgeTunnel } from '../../src/join/commands/doctor/tunnel.ts';
import { judgeUnit } from '../../src/join/commands/doctor/unit.ts';
import { assertSnapshot } from '../snapshot.ts';
import { NOW, STANDINGS, UP, WAITING } from './standings.ts';

const { instance } = STANDINGS.up;
assert.ok(instance);

describe('the doctor finds', () => {
  const unit: UnitState = { id: 'u.service', load: 'loaded', active: 'active', file: 'enabled', listen: [] };
  const clock = { isSynchronised: false, canSynchronise: true, isSwitchedOn: true };
  const quiet = { ...UP, look: { ...UP.look, handshake: NOW - 300 } } as typeof UP;
  const never = { ...UP, look: { ...UP.look, handshake: 0 } } as typeof UP;
  const CASES: readonly [title: string, found: readonly { readonly code: string }[], codes: readonly string[]][] = [
    ['nothing wrong with a sound user', judgeAccount({ uid: 990, gid: 990 }), []],
    ['a missing user', judgeAccount(undefined), ['user-missing']],
    ['a user that is root', judgeAccount({ uid: 0, gid: 0 }), ['user-is-root']],
    ['nothing wrong with a sound unit', judgeUnit(unit, 'start'), []],
    ['a masked unit', judgeUnit({ ...unit, load: 'masked' }, 'start'), ['unit-missing']],
    ['a missing unit', judgeUnit({ ...unit, load: 'not-found' }, 'start'), ['unit-missing']],
    ['a unit that has failed', judgeUnit({ ...unit, active: 'failed' }, 'start'), ['unit-failed']],
    ['a unit that is not started', judgeUnit({ ...unit, active: 'inactive' }, 'start'), ['unit-inactive']],
    ['a unit that does not start at boot', judgeUnit({ ...unit, file: 'disabled' }, 'start'), ['unit-not-enabled']],
    ['a clock that is wrong', judgeClock(clock), ['clock-unsynchronised']],
    ['nothing wrong with a tunnel that is up', judgeTunnel(UP, NOW), []],
    ['a tunnel that is not up', judgeTunnel(WAITING, NOW), ['not-up']],
    ['an old handshake', judgeTunnel(quiet, NOW), ['handshake-missing']],
    ['a tunnel without a handshake', judgeTunnel(never, NOW), ['handshake-missing']],
    ['nothing wrong with a lease without an end', judgeLease(undefined, NOW), []],
    ['nothing wrong with a lease that lasts', judgeLease(NOW + 8 * DAY_SECONDS, NOW), []],
    ['a lease that ends soon', judgeLease(NOW + 6 * DAY_SECONDS, NOW), ['lease-ends']],
    ['a lease that is over', judgeLease(NOW - 1, NOW), ['lease-over']],
  ];
  for (const [title, found, codes] of CASES)
    test(title, () =>
      assert.deepEqual(
        found.map(({ code }) => code),
        codes,
      ),
    );

  test('that a check failed, and goes on', async () => {
    const outcome = await runCheck(undefined, 'clock', () => Promise.reject(new Error('Cannot run timedatectl')));
    assert.deepEqual(outcome.findings, [finding('check-failed', 'Cannot run timedatectl')]);
  });
});

describe('what is left of a tunnel', () => {
  const owner = { priority: 30_560, device: 'wg-gone', table: 30_567, protocol: 119 };
  const marked = {
    rules: { IPv4: [owner, { priority: 30_565, table: 30_567, protocol: 119 }], IPv6: [owner] },
    routes: [],
  };

  test('is found by interfaces, and by rules without one', () => {
    assert.deepEqual(listTraces(['wg-members', 'wg+half', 'eth0'], marked), ['gone', 'half', 'members']);
  });

  test('is nothing while wgkex-join runs', () => {
    const known = [instance.name];
    assert.deepEqual(judgeTraces(['members'], { known, isServed: () => true }), []);
    const [idle] = judgeTraces(['members'], { known, isServed: () => false });
    assert.equal(idle?.remedy, 'wgkex-join down members');
    const [orphan] = judgeTraces(['members'], { known: [], isServed: () => true });
    assert.equal(orphan?.remedy, '/usr/lib/wgkex-client/wgkex-tunnel --down members');
  });
});

describe('a server', () => {
  test('that accepts has no fault', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    assert.equal(await findFault({ host: '127.0.0.1', port: address.port }), undefined);
    server.close();
    await once(server, 'close');
    const reason = `no TCP connection to 127.0.0.1:${address.port}: connection refused`;
    assert.deepEqual(await findFault({ host: '127.0.0.1', port: address.port }), { kind: 'connection', reason });
  });

  test('whose name is unknown has another fault', async () => {
    const fault = await findFault({ host: 'gw.invalid', port: 10_012 });
    assert.equal(fault?.kind, 'name');
    assert.match(fault.reason, /^no addresses of gw\.invalid: [a-z ]+$/);
  });
});

describe('the report of the doctor', () => {
  const outcomes: readonly Outcome[] = [
    { tunnel: undefined, check: 'programs', findings: [] },
    { tunnel: undefined, check: 'sudo', findings: NEEDS_ROOT },
    {
      tunnel: instance.name,
      check: 'service',
      findings: [finding('unit-inactive', 'wgkex-join@members.service is not running', 'wgkex-join up members')],
    },
    { tunnel: instance.name, check: 'refusals', findings: [finding('gateway-refused', 'gw1: FULL \x1b[31m')] },
  ];

  for (const width of [40, 80])
    test(`fits a terminal of ${width} columns`, () => {
      const lines = renderOutcomes(outcomes, { width, paint: makePaint(false) });
      assertSnapshot(new URL(`doctor-${width}.txt`, import.meta.url), lines);
    });

  test('is a document for programs', () => {
    const text = JSON.stringify(describeOutcomes(outcomes), undefined, 2);
    assertSnapshot(new URL('doctor.json.txt', import.meta.url), text.split('\n'));
  });

  test('is sound if nothing was found, checked or not', () => {
    assert.deepEqual(outcomes.map(isSound), [true, true, false, false]);
  });
});
