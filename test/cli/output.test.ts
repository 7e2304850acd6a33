import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { listProposals } from '../../src/cli/check/fixes.ts';
import { renderAdoption } from '../../src/cli/commands/adopt/text.ts';
import { renderFindings, renderFix, renderProposal } from '../../src/cli/commands/check/text.ts';
import { renderDerivations } from '../../src/cli/commands/derive/text.ts';
import { renderReply } from '../../src/cli/commands/exchange/text.ts';
import { renderRestoration } from '../../src/cli/commands/lease/restore-text.ts';
import { renderShownLease } from '../../src/cli/commands/lease/show-text.ts';
import { renderAnswer } from '../../src/cli/commands/show/text.ts';
import { renderStatus } from '../../src/cli/commands/status/text.ts';
import { renderHelp } from '../../src/cli/commands/watch/help.ts';
import { selectWatched } from '../../src/cli/commands/watch/selection.ts';
import { renderFrame } from '../../src/cli/commands/watch/text.ts';
import { startView, type View } from '../../src/cli/commands/watch/view.ts';
import { renderEdits } from '../../src/cli/editing/text.ts';
import { findConcerns } from '../../src/cli/gateway/attention.ts';
import type { DomainReading } from '../../src/cli/gateway/domain.ts';
import { listPeers } from '../../src/cli/gateway/peers.ts';
import type { LeaseChange } from '../../src/cli/leases/change-lease.ts';
import { renderChange } from '../../src/cli/leases/change-text.ts';
import { renderLeases } from '../../src/cli/leases/lease-table-text.ts';
import { measureCells } from '../../src/cli/terminal/cells.ts';
import { makePaint, type Terminal } from '../../src/cli/terminal/terminal.ts';
import { renderMesh, renderPeers } from '../../src/cli/views/peers.ts';
import type { Token } from '../../src/core/leases/lease.ts';
import { deriveAll } from '../../src/core/values/derived-address.ts';
import { NOW as LEASES_NOW } from '../core/arbitraries.ts';
import { assertSnapshot } from '../snapshot.ts';
import { buildChange, buildRestoration, buildShown, LEASES } from './leases/results.ts';
import {
  buildAdoption,
  buildEdits,
  buildFrame,
  buildOutcome,
  FINDINGS,
  FIXES,
  findAnswer,
  meshPeers,
} from './results.ts';
import { ABSENT, NAMED, NAMED_STATUS, NAMES, READINGS, SCENE_KEYS, SOUND_STATUS, STATUS, WELCOME } from './scene.ts';

process.env['TZ'] = 'UTC';

const CHANGES: readonly Partial<LeaseChange>[] = [
  {},
  { addresses: 'new', reason: '10.66.0.1 is outside the pool', peer: undefined },
  { what: 'released', peer: 'removed', token: 'abcdefghijklmnopqrstuvwxyz' as Token },
  { what: 'revoked', peer: 'removed', dryRun: true },
];
const REFUSED = buildRestoration({
  restoring: { isDone: false, dropped: LEASES.slice(0, 1), fault: undefined },
  isRefused: true,
});

const OUTPUTS: Record<string, (terminal: Terminal) => string[]> = {
  status: (terminal) => renderStatus(STATUS, findConcerns(STATUS), terminal),
  'status-sound': (terminal) => renderStatus(SOUND_STATUS, findConcerns(SOUND_STATUS), terminal),
  check: (terminal) => renderFindings(FINDINGS, terminal),
  'check-fix': (terminal) => [
    ...listProposals(FINDINGS).flatMap(({ concerns }) => renderProposal(concerns, terminal)),
    ...FIXES.flatMap((fix) => renderFix(fix, terminal)),
  ],
  peers: (terminal) =>
    renderPeers(
      READINGS.map((reading) => ({ reading, listed: listPeers(reading, {}, 'handshake') })),
      terminal,
    ),
  'peers-stale-pending': (terminal) =>
    renderPeers(
      READINGS.map((reading) => ({ reading, listed: listPeers(reading, { stale: true, pending: true }, 'key') })),
      terminal,
    ),
  'peers-mesh': (terminal) =>
    renderMesh(
      READINGS.map((reading) => ({ reading, listed: meshPeers(reading, listPeers(reading, {}, 'handshake')) })),
      terminal,
    ),
  'show-alive': (terminal) => renderAnswer(findAnswer(SCENE_KEYS.alive), terminal),
  'show-static': (terminal) => renderAnswer(findAnswer(SCENE_KEYS.static), terminal),
  'show-stale': (terminal) => renderAnswer(findAnswer(deriveAll(SCENE_KEYS.stale)[2]?.address ?? ''), terminal),
  'show-absent': (terminal) => renderAnswer(findAnswer(ABSENT), terminal),
  'show-welcome': (terminal) => renderAnswer(findAnswer(WELCOME), terminal),
  'show-nobody': (terminal) => renderAnswer(findAnswer('02:11:22:33:44:55'), terminal),
  'show-nonsense': (terminal) => renderAnswer(findAnswer('nonsense'), terminal),
  watch: (terminal) => renderWatch({}, terminal),
  'watch-filtered': (terminal) =>
    renderWatch({ order: 'handshake', isReversed: true, filter: 'ffmuc', isTyping: true }, terminal),
  'watch-help': renderHelp,
  'lease-list': (terminal) => renderLeases(LEASES, LEASES_NOW, terminal),
  'lease-show': (terminal) => LEASES.flatMap((lease) => renderShownLease(buildShown(lease), terminal)),
  'lease-change': (terminal) => CHANGES.flatMap((change) => renderChange(buildChange(change), terminal)),
  'lease-restore': (terminal) => [
    ...renderRestoration(buildRestoration(), terminal),
    ...renderRestoration(REFUSED, terminal),
  ],
  'peers-named': (terminal) =>
    renderPeers(
      NAMED.map((reading) => ({ reading, listed: listPeers(reading, {}, 'handshake') })),
      terminal,
    ),
  'peers-by-name': (terminal) =>
    renderPeers(
      NAMED.map((reading) => ({ reading, listed: listPeers(reading, { name: 'KÖLN' }, 'handshake') })),
      terminal,
    ),
  'show-named': (terminal) => renderAnswer(findAnswer('церкви', NAMED), terminal),
  'show-named-absent': (terminal) => renderAnswer(findAnswer('depot', NAMED), terminal),
  'show-unnamed': (terminal) => renderAnswer(findAnswer('nobody called this', NAMED), terminal),
  'status-named': (terminal) => renderStatus(NAMED_STATUS, findConcerns(NAMED_STATUS), terminal),
  'watch-named': (terminal) => renderWatch({}, terminal, NAMED),
  'block-named': (terminal) => renderEdits(buildEdits('blocked', false), NAMES, terminal),
  'name-dry': (terminal) => renderEdits(buildEdits('named', true), NAMES, terminal),
  derive: (terminal) => renderDerivations(deriveAll(SCENE_KEYS.alive), terminal),
  'exchange-ok': (terminal) => renderReply(buildOutcome('OK'), terminal),
  add: (terminal) => renderEdits(buildEdits('added', false), new Map(), terminal),
  'add-dry': (terminal) => renderEdits(buildEdits('added', true), new Map(), terminal),
  block: (terminal) => renderEdits(buildEdits('blocked', false), new Map(), terminal),
  'block-dry': (terminal) => renderEdits(buildEdits('blocked', true), new Map(), terminal),
  release: (terminal) => renderEdits(buildEdits('released', false), new Map(), terminal),
  'remove-claim-dry': (terminal) => renderEdits(buildEdits('lifted', true), new Map(), terminal),
  adopt: (terminal) => renderAdoption(buildAdoption(false), terminal),
  'adopt-dry': (terminal) => renderAdoption(buildAdoption(true), terminal),
  'exchange-nonsense': (terminal) => renderReply(buildOutcome(undefined), terminal),
};

/** On a terminal of 10 lines. */
function renderWatch(
  chosen: Partial<View>,
  terminal: Terminal,
  readings: readonly DomainReading[] = READINGS,
): string[] {
  const [frame, view] = [buildFrame(readings), { ...startView('traffic'), ...chosen }];
  return renderFrame({ frame, view, selected: selectWatched(frame.watched, view) }, terminal, 10);
}

for (const [name, render] of Object.entries(OUTPUTS)) {
  for (const width of [80, 160, Number.POSITIVE_INFINITY]) {
    const where = Number.isFinite(width) ? String(width) : 'pipe';
    describe(`${name} for ${where}`, () => {
      const lines = render({ width, paint: makePaint(false) });

      test('matches its snapshot', () =>
        assertSnapshot(new URL(`snapshots/${name}-${where}.txt`, import.meta.url), lines));

      test('fits its width', () => {
        for (const line of lines) assert.ok(measureCells(line) <= width, line);
      });

      test('has the same text with and without colour', () => {
        const painted = render({ width, paint: makePaint(true) });
        assert.notDeepEqual(painted, lines);
        assert.deepEqual(
          painted.map((line) => stripVTControlCharacters(line).trimEnd()),
          lines,
        );
      });
    });
  }
}
