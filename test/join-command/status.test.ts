import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makePaint } from '../../src/cli/terminal/terminal.ts';
import { parseInstanceName } from '../../src/core/client/instance.ts';
import { describeFailed, describeSuccess, isCodeRefused, waitForEnd } from '../../src/join/commands/setup/outcome.ts';
import { describeStandings } from '../../src/join/commands/status/json.ts';
import { explainState, isTunnelUp } from '../../src/join/commands/status/standing.ts';
import { renderStanding, renderStandings } from '../../src/join/commands/status/text.ts';
import type { JoinState } from '../../src/join/daemon/state-file.ts';
import { assertSnapshot } from '../snapshot.ts';
import { NOW, RELAYED, STANDINGS, UP, WAITING } from './standings.ts';

const NAME = parseInstanceName('members');
const paint = makePaint(false);

describe('status', () => {
  for (const width of [40, 80, 120])
    test(`fits a terminal of ${width} columns`, () => {
      const all = Object.values(STANDINGS);
      const each = all.flatMap((standing) => ['', ...renderStanding(standing, NOW, { width, paint })]);
      const lines = [...renderStandings(all, NOW, { width, paint }), ...each];
      if (width >= 80) assert.ok(Math.max(...lines.map((line) => line.length)) <= width);
      assertSnapshot(new URL(`status-${width}.txt`, import.meta.url), lines);
    });

  test('says of a tunnel that waits when it tries again, not for how long it has waited', () => {
    const state = { ...WAITING, since: NOW, again: NOW + 59, failures: [] };
    const standing = { ...STANDINGS.waiting, state };
    const [, row, , ...below] = renderStandings([standing], NOW, { width: 80, paint });
    assert.match(row ?? '', /^waiting {2}waiting +-/);
    assert.equal(below.at(-1), '  waiting: it tries again in 59 s');
    assert.equal(renderStanding(standing, NOW, { width: 80, paint })[0], 'waiting: waiting');
  });

  test('does not know when the lease ends before a gateway has sent a configuration', () => {
    const never = { ...look(UP), isUp: false, handshake: 0, addresses: [] };
    const known = { ...look(UP), isUp: false };
    const render = (found: JoinState['look']) => {
      const { expires: _, ...endless } = found ?? never;
      const standing = { ...STANDINGS.waiting, state: { ...WAITING, look: endless } };
      const [, row = ''] = renderStandings([standing], NOW, { width: 120, paint });
      return [row.split(/ {2,}/).at(-1), renderStanding(standing, NOW, { width: 120, paint }).at(-1)];
    };
    assert.deepEqual(render(never), ['-', '  lease    is not known: no gateway has sent a configuration yet']);
    assert.deepEqual(render(known), ['never', '  lease    has no end date']);
  });

  test('is a document for programs', () => {
    const text = JSON.stringify(describeStandings(Object.values(STANDINGS), NOW), undefined, 2);
    assertSnapshot(new URL('status.json.txt', import.meta.url), text.split('\n'));
  });

  test('is not up if there is no tunnel', () => {
    assert.deepEqual(describeStandings([], NOW), { time: NOW, up: false, tunnels: [] });
  });

  const STATES: readonly [title: string, state: JoinState, isUp: boolean, problems: readonly string[]][] = [
    ['is up', UP, true, []],
    [
      'is up, but the interface is gone',
      { ...UP, look: { ...look(UP), isUp: false } },
      false,
      ['the interface is gone'],
    ],
    [
      'is up, but nobody has looked for long',
      { ...UP, look: { ...look(UP), at: NOW - 181 } },
      true,
      ['wgkex-join does not look after it; the figures are old'],
    ],
    ['waits', WAITING, false, ['no gateway brought a tunnel']],
    [
      'waits for the reason of its gateway, which is listed there',
      { ...WAITING, reason: WAITING.failures[0]?.reason ?? '' },
      false,
      ['no gateway has worked yet'],
    ],
    ['begins', { doing: 'starting', since: NOW, failures: [] }, false, []],
    [
      'began long ago',
      { doing: 'starting', since: NOW - 11, failures: [] },
      false,
      ['wgkex-tunnel, its root part, does not answer; the journal of the service says why'],
    ],
    ['was stopped', { doing: 'stopped', since: NOW, failures: [] }, false, ['it was stopped']],
  ];
  for (const [title, state, isUp, problems] of STATES)
    test(`knows a tunnel that ${title}`, () => {
      assert.deepEqual([isTunnelUp(state), explainState(state, NOW)], [isUp, problems]);
    });
});

describe('what came of a start is one line', () => {
  const lines = [
    describeSuccess(NAME, UP, NOW),
    describeSuccess(NAME, RELAYED, NOW),
    describeFailed(NAME, WAITING, NOW),
    describeFailed(NAME, { doing: 'seeking', since: NOW, failures: [] }, NOW),
    describeFailed(
      NAME,
      { ...WAITING, failures: [{ gateway: 'gw', code: 'INVALID_TOKEN', reason: 'no', at: NOW }] },
      NOW,
    ),
    describeFailed(NAME, undefined, NOW),
  ];
  test('whatever it is', () => {
    assert.ok(lines.every((line) => /^[ -~]+$/.test(line)));
    assertSnapshot(new URL('outcomes.txt', import.meta.url), lines);
  });

  test('which comes as soon as the tunnel is up', async () => {
    const states = [undefined, { ...WAITING, again: Date.now() / 1000 + 1 }, UP];
    const read = () => (states.length > 1 ? states.shift() : states[0]);
    assert.equal(await waitForEnd(NAME, { seconds: 10, read }), UP);
  });

  test('which comes at once if nothing more will happen in time', async () => {
    const state = { ...WAITING, again: Date.now() / 1000 + 100 };
    const begun = performance.now();
    assert.equal(await waitForEnd(NAME, { seconds: 10, read: () => state }), state);
    assert.ok(performance.now() - begun < 1000);
  });

  test('which is not about what was written before the start', async () => {
    assert.equal(await waitForEnd(NAME, { since: UP.since + 1, seconds: 0.5, read: () => UP }), undefined);
  });
});

test('the access code is asked for again only if it was refused, and there is no tunnel', () => {
  const failures = [{ gateway: 'gw2', code: 'INVALID_TOKEN', reason: 'no', at: NOW }];
  const states = [undefined, WAITING, { ...WAITING, failures }, { ...UP, failures }];
  const damaged = () => {
    throw new Error('not JSON');
  };
  assert.deepEqual(
    states.map((state) => isCodeRefused(NAME, () => state)),
    [false, false, true, false],
  );
  assert.equal(isCodeRefused(NAME, damaged), false);
});

function look({ look: found }: JoinState): NonNullable<JoinState['look']> {
  assert.ok(found);
  return found;
}
