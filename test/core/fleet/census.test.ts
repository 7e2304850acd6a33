import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeCensus } from '../../../src/core/fleet/census.ts';
import { type Candidate, chooseGateways } from '../../../src/core/fleet/choice.ts';
import { parseGatewayId } from '../../../src/core/fleet/gateway-id.ts';

const SOUND: Candidate = {
  ...{ gateway: parseGatewayId('gw1'), standing: 'sound', weight: 1, location: undefined },
  ...{ load: 0, hasRoom: true, isSilent: false },
};
const NOBODY = { online: 0, full: 0, drained: 0, silent: 0, possible: 0, offline: 0 };

for (const [what, candidate, expected] of [
  ['that has room and weight is online', {}, 'online'],
  ['without room is full', { hasRoom: false }, 'full'],
  ['without weight is drained', { weight: 0 }, 'drained'],
  ['without weight is drained, full or not', { weight: 0, hasRoom: false }, 'drained'],
  ['that did not answer is silent', { isSilent: true }, 'silent'],
  ['that did not answer is silent, whatever else is known of it', { isSilent: true, standing: 'doubtful' }, 'silent'],
  ['of which only a retained state is known is possible', { standing: 'untried' }, 'possible'],
  ['that says it is full is only possible if that was retained', { standing: 'untried', hasRoom: false }, 'possible'],
  ['that was asked in vain is only possible', { standing: 'doubtful' }, 'possible'],
] as const)
  test(`a gateway ${what}`, () => {
    assert.deepEqual(takeCensus([{ ...SOUND, ...candidate }], 1), { ...NOBODY, [expected]: 1 });
  });

test('a gateway that is not a candidate is offline', () => {
  assert.deepEqual(takeCensus([SOUND], 3), { ...NOBODY, online: 1, offline: 2 });
});

test('a gateway that is online can be chosen, and one that is full, drained or silent cannot', () => {
  const choices = [true, false].flatMap((hasRoom) =>
    [0, 1].flatMap((weight) => [true, false].map((isSilent) => ({ ...SOUND, hasRoom, weight, isSilent }))),
  );
  for (const candidate of choices)
    assert.equal(takeCensus([candidate], 1).online, chooseGateways([candidate], {}, () => 0).length);
});
