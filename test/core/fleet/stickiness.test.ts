import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseGatewayId } from '../../../src/core/fleet/gateway-id.ts';
import { Stickiness } from '../../../src/core/fleet/stickiness.ts';
import { parsePublicKey } from '../../../src/core/values/public-key.ts';
import { KEYS } from '../arbitraries.ts';

const [KEY, OTHER] = KEYS;
const [GW1, GW2] = [parseGatewayId('gw1'), parseGatewayId('gw2')];
const MINUTE = 60_000;

describe('a router that asks', () => {
  test('for the first time has no gateway yet, for the second time gets the same, from the third time on another', () => {
    const table = new Stickiness();
    assert.deepEqual(table.find(KEY, 0), {});
    table.note(KEY, GW1, 0);
    assert.deepEqual(table.find(KEY, MINUTE), { prefer: GW1 });
    table.note(KEY, GW1, MINUTE);
    assert.deepEqual(table.find(KEY, 2 * MINUTE), { avoid: GW1 });
    table.note(KEY, GW2, 2 * MINUTE);
    assert.deepEqual(table.find(KEY, 3 * MINUTE), { avoid: GW2 });
    assert.deepEqual(table.find(OTHER, 3 * MINUTE), {});
  });

  test('ten minutes after its first request is a new one', () => {
    const table = new Stickiness();
    table.note(KEY, GW1, 0);
    assert.deepEqual(table.find(KEY, 10 * MINUTE - 1), { prefer: GW1 });
    assert.deepEqual(table.find(KEY, 10 * MINUTE), {});
    table.note(KEY, GW2, 10 * MINUTE);
    assert.deepEqual(table.find(KEY, 11 * MINUTE), { prefer: GW2 });
  });
});

test('20,000 routers are remembered, and the oldest go', () => {
  const table = new Stickiness();
  const keys = Array.from({ length: 20_001 }, (_, index) => {
    const bytes = Buffer.alloc(32);
    bytes.writeUInt32BE(index + 1);
    return parsePublicKey(bytes.toString('base64'));
  });
  for (const key of keys) table.note(key, GW1, 0);
  const [first = KEY, second = KEY] = keys;
  assert.deepEqual(
    [first, second, keys.at(-1) ?? KEY].map((key) => table.find(key, 0)),
    [{}, { prefer: GW1 }, { prefer: GW1 }],
  );
});
