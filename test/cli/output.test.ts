import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { renderAdoption } from '../../src/cli/commands/adopt/text.ts';
import { renderDerivations } from '../../src/cli/commands/derive/text.ts';
import { renderReply } from '../../src/cli/commands/exchange/text.ts';
import { renderAnswer } from '../../src/cli/commands/show/text.ts';
import { renderStatus } from '../../src/cli/commands/status/text.ts';
import { renderFrame } from '../../src/cli/commands/watch/text.ts';
import { renderEdits } from '../../src/cli/editing/text.ts';
import { findConcerns } from '../../src/cli/gateway/attention.ts';
import { listPeers } from '../../src/cli/gateway/peers.ts';
import { makePaint, type Terminal } from '../../src/cli/terminal/terminal.ts';
import { renderPeers } from '../../src/cli/views/peers.ts';
import { deriveAll } from '../../src/core/values/derived-address.ts';
import { assertSnapshot } from '../snapshot.ts';
import { buildAdoption, buildEdits, buildFrame, buildOutcome, findAnswer } from './results.ts';
import { ABSENT, READINGS, SCENE_KEYS, SOUND_STATUS, STATUS, WELCOME } from './scene.ts';

process.env['TZ'] = 'UTC';

const OUTPUTS: Record<string, (terminal: Terminal) => string[]> = {
  status: (terminal) => renderStatus(STATUS, findConcerns(STATUS), terminal),
  'status-sound': (terminal) => renderStatus(SOUND_STATUS, findConcerns(SOUND_STATUS), terminal),
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
  'show-alive': (terminal) => renderAnswer(findAnswer(SCENE_KEYS.alive), terminal),
  'show-static': (terminal) => renderAnswer(findAnswer(SCENE_KEYS.static), terminal),
  'show-stale': (terminal) => renderAnswer(findAnswer(deriveAll(SCENE_KEYS.stale)[2]?.address ?? ''), terminal),
  'show-absent': (terminal) => renderAnswer(findAnswer(ABSENT), terminal),
  'show-welcome': (terminal) => renderAnswer(findAnswer(WELCOME), terminal),
  'show-nobody': (terminal) => renderAnswer(findAnswer('02:11:22:33:44:55'), terminal),
  'show-nonsense': (terminal) => renderAnswer(findAnswer('nonsense'), terminal),
  watch: (terminal) => renderFrame(buildFrame(), terminal, 8),
  derive: (terminal) => renderDerivations(deriveAll(SCENE_KEYS.alive), terminal),
  'exchange-ok': (terminal) => renderReply(buildOutcome('OK'), terminal),
  add: (terminal) => renderEdits(buildEdits('added', false), terminal),
  'add-dry': (terminal) => renderEdits(buildEdits('added', true), terminal),
  block: (terminal) => renderEdits(buildEdits('blocked', false), terminal),
  'block-dry': (terminal) => renderEdits(buildEdits('blocked', true), terminal),
  release: (terminal) => renderEdits(buildEdits('released', false), terminal),
  'remove-claim-dry': (terminal) => renderEdits(buildEdits('lifted', true), terminal),
  adopt: (terminal) => renderAdoption(buildAdoption(false), terminal),
  'adopt-dry': (terminal) => renderAdoption(buildAdoption(true), terminal),
  'exchange-nonsense': (terminal) => renderReply(buildOutcome(undefined), terminal),
};

for (const [name, render] of Object.entries(OUTPUTS)) {
  for (const width of [80, 160, Number.POSITIVE_INFINITY]) {
    const where = Number.isFinite(width) ? String(width) : 'pipe';
    describe(`${name} for ${where}`, () => {
      const lines = render({ width, paint: makePaint(false) });

      test('matches its snapshot', () =>
        assertSnapshot(new URL(`snapshots/${name}-${where}.txt`, import.meta.url), lines));

      test('fits its width', () => {
        for (const line of lines) assert.ok(line.length <= width, line);
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
