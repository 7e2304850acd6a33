import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { makePaint } from '../../src/cli/terminal/terminal.ts';
import type { UnitState } from '../../src/core/host/units.ts';
import { DAY_SECONDS } from '../../src/core/values/time.ts';
import { judgeAccount } from '../../src/join/commands/doctor/account.ts';
import { finding, isSound, NEEDS_ROOT, type Outcome, runCheck } from '../../src/join/commands/doctor/finding.ts';
import { judgeTraces, parseLinks, parseRules } from '../../src/join/commands/doctor/leftovers.ts';
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
  const members = { interfaces: ['wg-members'], rules: [{ family: '-4', priority: 30_560 }] } as const;
  const all = { ...instance, traffic: 'all' } as const;
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
    ['nothing wrong with the rules of all_traffic', judgeTraces(members, [all]), []],
    ['rules that no tunnel needs', judgeTraces(members, [instance]), ['leftover-rule']],
    ['rules whose tunnel is gone', judgeTraces({ ...members, interfaces: [] }, [all]), ['leftover-rule']],
    ['an interface without a file', judgeTraces(members, []), ['leftover-interface', 'leftover-rule']],
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

describe('what ip(8) prints', () => {
  test('has the interfaces with our alias', () => {
    const links = [{ ifname: 'lo' }, { ifname: 'wg-a', ifalias: 'wgkex-client' }, { ifname: 'wg-b', ifalias: 'mine' }];
    assert.deepEqual(parseLinks(JSON.stringify(links)), ['wg-a']);
  });

  test('has the rules with our protocol, as a number or as text', () => {
    const rules = [
      { priority: 0, src: 'all', table: 'local', protocol: 'kernel' },
      { priority: 30_560, protocol: '119' },
      { priority: 30_561, protocol: 119 },
      { priority: 7 },
    ];
    const found = parseRules(JSON.stringify(rules), '-6');
    assert.deepEqual(
      found.map(({ priority }) => priority),
      [30_560, 30_561],
    );
    assert.deepEqual(parseRules('', '-4'), []);
  });

  test('is read, or refused with one line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const parse of [parseLinks, (json: string) => parseRules(json, '-4')])
          try {
            parse(text);
          } catch (error) {
            assert.ok(error instanceof Error && error.name === 'InputError' && !error.message.includes('\n'));
          }
      }),
    );
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
    const reason = '127.0.0.1: connect ECONNREFUSED 127.0.0.1';
    const fault = await findFault({ host: '127.0.0.1', port: address.port });
    assert.deepEqual(fault, { kind: 'connection', reason: `${reason}:${address.port}` });
  });

  test('whose name is unknown has another fault', async () => {
    const fault = await findFault({ host: 'gw.invalid', port: 10_012 });
    assert.equal(fault?.kind, 'name');
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
