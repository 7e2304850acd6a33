import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readVisits } from '../../fuzz/corpus.ts';
import { CrowdModel } from '../../fuzz/model/crowd.ts';
import { DomainModel } from '../../fuzz/model/domain.ts';
import { deriveAddress, type Variant } from '../../fuzz/model/key.ts';
import { expectServed, expectServedWithMetrics } from '../../fuzz/model/requests.ts';
import { COLLIDING_KEYS, KEYS } from '../core/arbitraries.ts';

const [FIRST, SECOND] = COLLIDING_KEYS[0];
const SOURCE = '192.0.2.1';

describe('the model that the fuzzers use', () => {
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
    const line = (id: number) => `{"type":"exchange","id":${id},"domain":"ffww01","key":"${FIRST}","from":"::1"}\n`;
    const { chunks, end } = expectServed([
      line(1),
      line(2) + line(3).slice(0, 9),
      `${line(3).slice(9)}${line(4)}reboot\n`,
    ]);
    assert.deepEqual([chunks.flat().map(({ id }) => id), end], [[1, 2], 'malformed']);
  });

  test('serves a request for numbers only if there are metrics', () => {
    const line = '{"type":"numbers","domain":"ffww01","id":7}\n';
    assert.equal(expectServed([line]).end, 'malformed');
    assert.deepEqual(expectServedWithMetrics([line]), {
      chunks: [[{ type: 'numbers', domain: 'ffww01', id: 7 }]],
      end: 'good',
    });
  });

  test('keeps an address for the first of two keys for 60 s, and for one household once', () => {
    const domain = createDomain(100);
    const take = (keys: readonly string[]) => keys.map((key) => domain.admit(key, SOURCE));
    assert.deepEqual(take([FIRST, SECOND, FIRST]), ['OK', 'BUSY', 'OK']);
    domain.monotonic += 60;
    assert.deepEqual(take([SECOND, FIRST, SECOND]), ['OK', 'OK', 'OK']);
    assert.deepEqual(domain.ours, [SECOND]);
  });

  test('is full at its limit, and refuses keys and addresses of the operator', () => {
    const domain = createDomain(1);
    assert.deepEqual(
      [KEYS[0], KEYS[1], FIRST, KEYS[2]].map((key) => domain.admit(key, SOURCE)),
      ['PROHIBITED_WGKEY', 'ADDRESS_TAKEN', 'OK', 'FULL'],
    );
  });
});

function createDomain(maxPeers: number): DomainModel {
  const limits = { maxPeers, maxPending: 100, staleAfterSeconds: 3600 };
  const ownAddress = deriveAddress(KEYS[1], 'eui64').address;
  return new DomainModel({ variant: 'eui64', ...limits, ownKey: KEYS[0], ownAddress }, { unix: 0, monotonic: 0 });
}
