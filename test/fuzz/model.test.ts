import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readVisits } from '../../fuzz/corpus.ts';
import { DomainModel } from '../../fuzz/model/admission.ts';
import { CrowdModel } from '../../fuzz/model/crowd.ts';
import { deriveAddress, type Variant } from '../../fuzz/model/key.ts';
import { expectServed, expectServedWithMetrics } from '../../fuzz/model/requests.ts';
import { COLLIDING_KEYS, KEYS } from '../core/arbitraries.ts';

const [FIRST, SECOND] = COLLIDING_KEYS[0];
const STANDING = { prohibited: new Set([KEYS[0]]), taken: new Set([deriveAddress(KEYS[1], 'eui64').address]) };

describe('the model that the fuzzers go by', () => {
  for (const visit of readVisits().filter(({ reply }) => reply !== undefined)) {
    test(`expects for ${visit.name}: ${visit.reply}`, () => {
      const model = new CrowdModel(new Map([['ffww01', createDomain(100)]]));
      assert.deepEqual(model.expectReplies(visit).replies, [`${visit.reply}\n`]);
    });
  }

  test('derives the addresses of all vectors', () => {
    const text = readFileSync(new URL('../core/vectors.json', import.meta.url), 'utf8');
    const vectors: Record<Variant, { publicKey: string; mac: string; address: string }[]> = JSON.parse(text);
    for (const [variant, cases] of Object.entries(vectors)) {
      for (const { publicKey, ...link } of cases) {
        assert.deepEqual(deriveAddress(publicKey, variant as Variant), link);
      }
    }
  });

  test('serves nothing of the chunk that brings a bad line', () => {
    const line = (id: number) => `{"id":${id},"domain":"ffww01","key":"${FIRST}","from":"::1"}\n`;
    const { chunks, end } = expectServed([
      line(1),
      line(2) + line(3).slice(0, 9),
      `${line(3).slice(9)}${line(4)}reboot\n`,
    ]);
    assert.deepEqual([chunks.flat().map(({ id }) => id), end], [[1, 2], 'malformed']);
  });

  test('serves a request for numbers only where there are metrics', () => {
    const line = '{"numbers":"ffww01","id":7}\n';
    assert.equal(expectServed([line]).end, 'malformed');
    assert.deepEqual(expectServedWithMetrics([line]), { chunks: [[{ id: 7, numbers: 'ffww01' }]], end: 'good' });
  });

  test('gives an address to the last of two keys, and is full when it has no room for another', () => {
    const domain = createDomain(1);
    assert.deepEqual(
      [KEYS[0], KEYS[1], FIRST, SECOND, SECOND, KEYS[2]].map((key) => domain.admit(key)),
      ['PROHIBITED_WGKEY', 'ADDRESS_TAKEN', 'OK', 'OK', 'OK', 'FULL'],
    );
    assert.deepEqual([...domain.holders.values()], [SECOND]);
  });
});

function createDomain(maxPending: number): DomainModel {
  const settings = { name: 'ffww01', variant: 'eui64', kinds: ['flood'], route: false, maxPending } as const;
  return new DomainModel(settings, STANDING);
}
